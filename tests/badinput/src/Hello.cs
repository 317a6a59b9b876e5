using System;
static class Hello { static int Main(string[] args) { Console.WriteLine("hello " + args.Length); return 3; } }
