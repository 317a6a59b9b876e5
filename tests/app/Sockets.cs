// Sockets on the loopback: TCP and UDP, NetworkStream, Unix domain sockets, a small HTTP exchange with HttpClient, DNS of literals, URIs.
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;

internal static class Program
{
    private static async Task Echo(TcpListener l)
    {
        using TcpClient c = await l.AcceptTcpClientAsync();
        using NetworkStream s = c.GetStream();
        using var r = new StreamReader(s);
        using var w = new StreamWriter(s) { AutoFlush = true };
        string? line;
        while ((line = await r.ReadLineAsync()) != null) await w.WriteLineAsync("echo " + line);
    }

    private static async Task Http(TcpListener l, int n)
    {
        for (int i = 0; i < n; i++)
        {
            using TcpClient c = await l.AcceptTcpClientAsync();
            using NetworkStream s = c.GetStream();
            using var r = new StreamReader(s, Encoding.ASCII, false, 1024, true);
            string req = (await r.ReadLineAsync())!;
            int len = 0;
            string? h;
            while (!string.IsNullOrEmpty(h = await r.ReadLineAsync()))
                if (h.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) len = int.Parse(h[15..]);
            char[] body = new char[len];
            if (len > 0) await r.ReadBlockAsync(body, 0, len);
            string text = $"you sent {req} [{new string(body)}]";
            await s.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {(req.Contains("missing") ? "404 Not Found" : "200 OK")}" +
                $"\r\nContent-Type: text/plain\r\nX-Test: yes\r\nContent-Length: {text.Length}\r\nConnection: close\r\n\r\n{text}"));
        }
    }

    private static async Task Main()
    {
        var l = new TcpListener(IPAddress.Loopback, 0);
        l.Start();
        int port = ((IPEndPoint)l.LocalEndpoint).Port;
        Task server = Echo(l);
        using (var c = new TcpClient())
        {
            await c.ConnectAsync(IPAddress.Loopback, port);
            using NetworkStream s = c.GetStream();
            using var w = new StreamWriter(s) { AutoFlush = true };
            using var r = new StreamReader(s);
            for (int i = 0; i < 3; i++) { await w.WriteLineAsync("line " + i); Console.WriteLine(await r.ReadLineAsync()); }
            c.Client.Shutdown(SocketShutdown.Send);
            Console.WriteLine(await r.ReadLineAsync() ?? "closed");
        }
        await server;
        l.Stop();
        using var u1 = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var u2 = new UdpClient();
        await u2.SendAsync(Encoding.ASCII.GetBytes("datagram"), (IPEndPoint)u1.Client.LocalEndPoint!);
        Console.WriteLine(Encoding.ASCII.GetString((await u1.ReceiveAsync()).Buffer));
        string path = Path.Combine(Path.GetTempPath(), "s.sock");
        using (var us = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            us.Bind(new UnixDomainSocketEndPoint(path));
            us.Listen();
            using var uc = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            uc.Connect(new UnixDomainSocketEndPoint(path));
            using Socket acc = us.Accept();
            uc.Send([1, 2, 3]);
            byte[] b = new byte[10];
            Console.WriteLine(acc.Receive(b) + " " + acc.Poll(0, SelectMode.SelectWrite) + " " + acc.Available);
        }
        File.Delete(path);
        try
        {
            using var bad = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            bad.Connect(IPAddress.Loopback, 1);
        }
        catch (SocketException e) { Console.WriteLine(e.SocketErrorCode); }
        l = new TcpListener(IPAddress.Loopback, 0);
        l.Start();
        port = ((IPEndPoint)l.LocalEndpoint).Port;
        server = Http(l, 3);
        using (var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") })
        {
            Console.WriteLine(await http.GetStringAsync("a?b=c"));
            using HttpResponseMessage m = await http.PostAsync("post", new StringContent("body text"));
            Console.WriteLine(m.StatusCode + " " + m.Headers.GetValues("X-Test").First() + " " + await m.Content.ReadAsStringAsync());
            try { await http.GetStringAsync("missing"); } catch (HttpRequestException e) { Console.WriteLine(e.StatusCode); }
        }
        await server;
        var uri = new Uri("http://user@Example.com:8080/a/../b%20c?q=1#frag");
        Console.WriteLine($"{uri.Host} {uri.Port} {uri.AbsolutePath} {uri.Query} {uri.Fragment} {uri.UserInfo} {new Uri(uri, "../x")} " +
            $"{Uri.EscapeDataString("a b&é")} {Uri.UnescapeDataString("%41")} {uri.IsDefaultPort} " +
            $"{Uri.TryCreate("::bad", UriKind.Absolute, out _)}");
        Console.WriteLine($"{IPAddress.Parse("::1")} {IPAddress.Parse("10.0.0.1").GetAddressBytes()[3]} " +
            $"{IPNetwork.Parse("10.0.0.0/8").Contains(IPAddress.Parse("10.9.9.9"))} {IPEndPoint.Parse("[::1]:80")} " +
            $"{(await Dns.GetHostAddressesAsync("127.0.0.1"))[0]} {WebUtility.HtmlEncode("<a>")}");
    }
}
