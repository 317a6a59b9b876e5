// stress: loose
// knob: System.GC.LOHThreshold=200000
// The threshold of the large-object space is a setting.
using System;

Console.WriteLine($"byte[84976] {GC.GetGeneration(new byte[84976])}");
Console.WriteLine($"byte[199975] {GC.GetGeneration(new byte[199975])}, byte[199976] {GC.GetGeneration(new byte[199976])}");
long sum = 0;
var kept = new byte[20][];
for (int i = 0; i < 3000; i++)
{
    var a = new byte[150_000 + i % 40_000];
    sum += a[i] + a[^1];
    a[i] = a[^1] = 1;
    kept[i % kept.Length] = a;
}
Console.WriteLine(sum);
