// Compiles test programs with the C# compiler library of the SDK: one process for all of them, several at a time.
// Usage: dotnet Build.dll REFDIR JOBS THREADS
// JOBS is a text file, one program a line, fields separated by tabs:
//   name, output folder, options (comma separated), sources (file=path in the PDB, separated by '|')
// Options: debug (unoptimised), checked, exe (default) or library, generators (the SDK's source generators), nullable-off,
//          ref:FILE (a further reference), define:NAME, resource:FILE (embedded, beside the first source).
// Prints "error NAME: text" for each program that does not compile; exit 1 if there was one.
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Emit;
using Microsoft.CodeAnalysis.Text;

string refDir = args[0];
string[] jobs = File.ReadAllLines(args[1]);
int threads = int.Parse(args[2]);
MetadataReference[] refs = Directory.GetFiles(refDir, "*.dll").Order(StringComparer.Ordinal)
    .Select(f => (MetadataReference)MetadataReference.CreateFromFile(f)).ToArray();
Lazy<ImmutableArray<ISourceGenerator>> generators = new(LoadGenerators);
bool failed = false;

Parallel.ForEach(jobs, new ParallelOptions { MaxDegreeOfParallelism = threads }, job =>
{
    string[] f = job.Split('\t');
    try
    {
        string[] errors = Compile(f[0], f[1], f[2].Split(',', StringSplitOptions.RemoveEmptyEntries), f[3].Split('|'));
        foreach (string e in errors) { failed = true; Console.WriteLine($"error {f[0]}: {e}"); }
    }
    catch (Exception e) { failed = true; Console.WriteLine($"error {f[0]}: {e}"); }
});
return failed ? 1 : 0;

string[] Compile(string name, string outDir, string[] options, string[] sources)
{
    var parse = new CSharpParseOptions(LanguageVersion.Latest,
        preprocessorSymbols: options.Where(o => o.StartsWith("define:")).Select(o => o[7..]));
    var trees = sources.Select(s =>
    {
        int eq = s.IndexOf('=');
        var text = SourceText.From(File.ReadAllText(s[..eq]), new UTF8Encoding(false), SourceHashAlgorithm.Sha256);
        return CSharpSyntaxTree.ParseText(text, parse, s[(eq + 1)..]);
    });
    bool library = options.Contains("library");
    var compilation = CSharpCompilation.Create(name, trees,
        refs.Concat(options.Where(o => o.StartsWith("ref:")).Select(o => MetadataReference.CreateFromFile(o[4..]))),
        new CSharpCompilationOptions(
            library ? OutputKind.DynamicallyLinkedLibrary : OutputKind.ConsoleApplication,
            optimizationLevel: options.Contains("debug") ? OptimizationLevel.Debug : OptimizationLevel.Release,
            checkOverflow: options.Contains("checked"), allowUnsafe: true, deterministic: true,
            concurrentBuild: false, warningLevel: 0,
            nullableContextOptions: options.Contains("nullable-off") ? NullableContextOptions.Disable : NullableContextOptions.Enable,
            moduleName: name + ".dll"));
    if (options.Contains("generators"))
    {
        CSharpGeneratorDriver.Create(generators.Value, parseOptions: parse)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation generated, out _);
        compilation = (CSharpCompilation)generated;
    }
    Directory.CreateDirectory(outDir);
    string dll = Path.Combine(outDir, name + ".dll"), pdb = Path.Combine(outDir, name + ".pdb");
    EmitResult result;
    using (var peStream = File.Create(dll))
    using (var pdbStream = File.Create(pdb))
        result = compilation.Emit(peStream, pdbStream, manifestResources: Resources(options, sources[0]), options: new EmitOptions(
            debugInformationFormat: DebugInformationFormat.PortablePdb, pdbFilePath: name + ".pdb"));
    if (result.Success) return [];
    File.Delete(dll);
    return result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Select(d => d.ToString()).ToArray();
}

ResourceDescription[] Resources(string[] options, string source)
{
    string dir = Path.GetDirectoryName(source[..source.IndexOf('=')])!;
    return options.Where(o => o.StartsWith("resource:")).Select(o => o[9..])
        .Select(f => new ResourceDescription(f, () => File.OpenRead(Path.Combine(dir, f)), isPublic: true)).ToArray();
}

ImmutableArray<ISourceGenerator> LoadGenerators()
{
    var found = ImmutableArray.CreateBuilder<ISourceGenerator>();
    string dir = Path.Combine(refDir, "../../analyzers/dotnet/cs");
    foreach (string file in new[] { "Microsoft.Interop.SourceGeneration", "Microsoft.Interop.LibraryImportGenerator",
                 "System.Text.Json.SourceGeneration", "System.Text.RegularExpressions.Generator" })
        foreach (Type t in Types(Assembly.LoadFrom(Path.GetFullPath(Path.Combine(dir, file + ".dll")))))
            if (t.GetCustomAttribute<GeneratorAttribute>() != null)
                found.Add(Activator.CreateInstance(t) is IIncrementalGenerator g ? g.AsSourceGenerator() : (ISourceGenerator)Activator.CreateInstance(t)!);
    return found.ToImmutable();
}

// a file of generators also holds code fixes for an editor, whose references are not there
static IEnumerable<Type> Types(Assembly a)
{
    try { return a.GetTypes(); }
    catch (ReflectionTypeLoadException e) { return e.Types.Where(t => t != null)!; }
}
