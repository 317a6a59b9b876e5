// compile: library
// ref: ContractLib DeferredLib
// Types of a library whose contract is not to be had: Broken names another one as a type argument, whose interface it is.
using System.Runtime.CompilerServices;
public class Broken { struct Machine { public int State; public AsyncTaskMethodBuilder<Numbers> Builder; public Numbers Taken; } Machine machine; public int State => machine.State; }
public class Numbers : ISource<int> { public string Name => "broken"; }
public class Whole { public int N = 3; }
