// Anonymous and named pipes within a process, to a child process, and System.IO.Pipelines' counterpart in streams: ends, breaks, cancellation.
using System.Diagnostics;
using System.IO.Pipes;
using System.Text;

internal static class Program
{
    private static string Try(Action f) { try { f(); return "fine"; } catch (Exception e) { return e.GetType().Name; } }

    private static async Task Main()
    {
        using (var server = new AnonymousPipeServerStream(PipeDirection.Out))
        using (var client = new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle))
        {
            Task<string> read = Task.Run(() => new StreamReader(client).ReadToEnd());
            using (var w = new StreamWriter(server) { AutoFlush = true })
                for (int i = 0; i < 1000; i++) w.Write(i % 10);
            string s = await read;
            Console.WriteLine($"{s.Length} {s[..12]} {server.CanWrite} {client.IsConnected}");
        }
        string name = "stator-" + Guid.NewGuid().ToString("N");
        using (var server = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous))
        {
            Task serve = Task.Run(async () =>
            {
                await server.WaitForConnectionAsync();
                byte[] b = new byte[100];
                int n = await server.ReadAsync(b);
                await server.WriteAsync(Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(b, 0, n).ToUpperInvariant()));
                server.Disconnect();
            });
            using var client = new NamedPipeClientStream(".", name, PipeDirection.InOut, PipeOptions.Asynchronous);
            await client.ConnectAsync(5000);
            await client.WriteAsync("hello"u8.ToArray());
            byte[] got = new byte[100];
            int m = await client.ReadAsync(got);
            await serve;
            Console.WriteLine($"{Encoding.UTF8.GetString(got, 0, m)} {await client.ReadAsync(got)} {server.IsConnected}");
        }
        using (var none = new NamedPipeClientStream(".", name + "x")) Console.WriteLine(Try(() => none.Connect(20)));
        using (var waiting = new NamedPipeServerStream(name + "y", PipeDirection.In, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous))
        using (var stop = new CancellationTokenSource(20))
            try { await waiting.WaitForConnectionAsync(stop.Token); } catch (OperationCanceledException) { Console.WriteLine("cancelled"); }
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, Environment = { ["MARK"] = "value" }, WorkingDirectory = "/" };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("read a; echo got $a $MARK \"$1\" in $PWD; echo bad >&2; exit 7");
        start.ArgumentList.Add("name");
        start.ArgumentList.Add("an \"argument\" with spaces");
        using (Process p = Process.Start(start)!)
        {
            p.StandardInput.WriteLine("text");
            Task<string> error = p.StandardError.ReadToEndAsync();
            Console.WriteLine($"{await p.StandardOutput.ReadToEndAsync()}{await error}");
            await p.WaitForExitAsync();
            Console.WriteLine($"{p.ExitCode} {p.HasExited}");
        }
        using (Process sleep = Process.Start("/bin/sleep", "60"))
        {
            Console.WriteLine(sleep.WaitForExit(10));
            sleep.Kill(entireProcessTree: true);
            sleep.WaitForExit();
            Console.WriteLine(sleep.ExitCode);
        }
        var lines = new List<string>();
        using (var events = new Process { StartInfo = new ProcessStartInfo("/bin/sh", "-c \"echo 1; echo 2; echo 3\"") { RedirectStandardOutput = true }, EnableRaisingEvents = true })
        {
            var exited = new TaskCompletionSource();
            events.OutputDataReceived += (_, e) => { if (e.Data != null) lock (lines) lines.Add(e.Data); };
            events.Exited += (_, _) => exited.SetResult();
            events.Start();
            events.BeginOutputReadLine();
            events.WaitForExit();
            await exited.Task;
        }
        Console.WriteLine(string.Join(",", lines) + " " + Try(() => Process.Start("/nonexistent/program")) + " " + Try(() => Process.GetProcessById(int.MaxValue - 7)));
    }
}
