// Linked into every C# test program.
global using System;
global using System.Collections.Generic;
global using System.IO;
global using System.Linq;
global using System.Threading;
global using System.Threading.Tasks;

[assembly: System.Runtime.Versioning.TargetFramework(".NETCoreApp,Version=v10.0", FrameworkDisplayName = ".NET 10.0")]
#if !OWN_VERSION
[assembly: System.Reflection.AssemblyVersion("1.0.0.0")]
#endif
