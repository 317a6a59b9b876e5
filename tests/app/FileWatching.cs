// FileSystemWatcher: what is created, changed, renamed and deleted arrives; filters; directories enumerated with attributes.
using System.Collections.Concurrent;
using System.IO.Enumeration;

internal static class Program
{
    private static readonly ConcurrentDictionary<string, bool> seen = new();

    private static void Until(string what)
    {
        for (int i = 0; i < 600 && !seen.ContainsKey(what); i++) Thread.Sleep(5);
        Console.WriteLine($"{what}: {(seen.ContainsKey(what) ? "came" : "did not come")}");
    }

    private static void Main()
    {
        string dir = Directory.CreateTempSubdirectory("stator").FullName;
        try
        {
            using (var w = new FileSystemWatcher(dir, "*.txt") { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite | NotifyFilters.Size })
            {
                w.Created += (_, e) => seen[$"created {e.Name}"] = true;
                w.Changed += (_, e) => seen[$"changed {e.Name}"] = true;
                w.Deleted += (_, e) => seen[$"deleted {e.Name}"] = true;
                w.Renamed += (_, e) => seen[$"renamed {e.OldName} {e.Name}"] = true;
                w.EnableRaisingEvents = true;
                File.WriteAllText(Path.Combine(dir, "a.txt"), "1");
                Until("created a.txt");
                File.AppendAllText(Path.Combine(dir, "a.txt"), "2");
                Until("changed a.txt");
                File.WriteAllText(Path.Combine(dir, "other.log"), "1");
                File.Move(Path.Combine(dir, "a.txt"), Path.Combine(dir, "b.txt"));
                Until("renamed a.txt b.txt");
                File.Delete(Path.Combine(dir, "b.txt"));
                Until("deleted b.txt");
                Console.WriteLine(seen.Keys.Any(k => k.Contains("other")));
                Task<WaitForChangedResult> wait = Task.Run(() => w.WaitForChanged(WatcherChangeTypes.Created, 5000));
                for (int i = 0; i < 100 && !wait.Wait(20); i++) File.WriteAllText(Path.Combine(dir, $"n{i}.txt"), "");
                Console.WriteLine($"{wait.Result.ChangeType} {wait.Result.TimedOut}");
            }
            try { _ = new FileSystemWatcher(Path.Combine(dir, "none")); } catch (ArgumentException e) { Console.WriteLine(e.GetType().Name); }
            Directory.CreateDirectory(Path.Combine(dir, "sub", "deep"));
            File.WriteAllText(Path.Combine(dir, "sub", "deep", ".hidden"), "x");
            File.SetLastWriteTimeUtc(Path.Combine(dir, "sub", "deep", ".hidden"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
            var found = new FileSystemEnumerable<(string, long, bool)>(dir, (ref FileSystemEntry e) => (e.FileName.ToString(), e.IsDirectory ? 0 : e.Length, e.IsHidden), new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }) { ShouldIncludePredicate = (ref FileSystemEntry e) => !e.FileName.EndsWith(".txt") && !e.FileName.EndsWith(".log") };
            Console.WriteLine(string.Join(" ", found.Order()));
            var info = new FileInfo(Path.Combine(dir, "sub", "deep", ".hidden"));
            Console.WriteLine($"{info.Attributes} {info.LastWriteTimeUtc:s} {info.Directory!.Parent!.Name} {info.Extension} {FileSystemName.MatchesSimpleExpression("a*", "Abc")} {Path.GetRelativePath(dir, info.FullName)} {Path.ChangeExtension("a.b", "c")} {Path.Join("a", "/b")} {Path.GetFullPath("../x", "/a/b")}");
            info.MoveTo(Path.Combine(dir, "moved"));
            File.Copy(info.FullName, Path.Combine(dir, "copy"), true);
            File.Replace(Path.Combine(dir, "copy"), info.FullName, null);
            Console.WriteLine($"{info.Exists} {File.ReadAllText(info.FullName)} {File.ReadLines(info.FullName).Count()} {Directory.Exists(dir)} {Directory.GetParent(dir)!.Exists}");
        }
        finally { Directory.Delete(dir, true); }
    }
}
