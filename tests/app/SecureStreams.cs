// TLS between two ends of this process with a certificate made here; client certificates, host names that do not match, ALPN; WebSockets over a stream.
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

internal static class Program
{
    private static async Task<(NetworkStream, NetworkStream)> Pair()
    {
        using var l = new TcpListener(IPAddress.Loopback, 0);
        l.Start();
        var c = new TcpClient();
        Task connect = c.ConnectAsync((IPEndPoint)l.LocalEndpoint);
        TcpClient s = await l.AcceptTcpClientAsync();
        await connect;
        return (c.GetStream(), s.GetStream());
    }

    private static X509Certificate2 Make(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 c = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(c.Export(X509ContentType.Pfx), null);
    }

    private static async Task Tls(X509Certificate2 certificate, string host, bool mutual)
    {
        (NetworkStream a, NetworkStream b) = await Pair();
        SslPolicyErrors errors = 0;
        using var client = new SslStream(a);
        using var server = new SslStream(b);
        Task serve = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ClientCertificateRequired = mutual, RemoteCertificateValidationCallback = (_, c, _, e) => true, ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11] });
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host, ClientCertificates = mutual ? [certificate] : null, RemoteCertificateValidationCallback = (_, _, _, e) => { errors = e; return true; }, ApplicationProtocols = [SslApplicationProtocol.Http11] });
        await serve;
        byte[] big = new byte[100000], back = new byte[100000];
        new Random(1).NextBytes(big);
        Task write = client.WriteAsync(big).AsTask();
        await server.ReadExactlyAsync(back);
        await write;
        Console.WriteLine($"{client.IsAuthenticated} {client.IsEncrypted} {client.SslProtocol is SslProtocols.Tls12 or SslProtocols.Tls13} {errors} {client.NegotiatedApplicationProtocol} {server.IsMutuallyAuthenticated} {back.AsSpan().SequenceEqual(big)} {client.RemoteCertificate!.Subject} {server.RemoteCertificate?.Subject ?? "none"}");
        await client.ShutdownAsync();
        Console.WriteLine(await server.ReadAsync(back));
    }

    private static async Task Main()
    {
        using X509Certificate2 certificate = Make("stator.test");
        await Tls(certificate, "stator.test", false);
        await Tls(certificate, "other.test", true);
        (NetworkStream a, NetworkStream b) = await Pair();
        using (var client = new SslStream(a))
        using (var server = new SslStream(b))
        {
            Task serve = server.AuthenticateAsServerAsync(certificate);
            try { await client.AuthenticateAsClientAsync("stator.test"); Console.WriteLine("trusted"); } catch (AuthenticationException e) { Console.WriteLine(e.GetType().Name); }
            client.Dispose();
            try { await serve; Console.WriteLine("served"); } catch (Exception e) when (e is AuthenticationException or IOException) { Console.WriteLine("refused"); }
        }
        (a, b) = await Pair();
        using (WebSocket ws = WebSocket.CreateFromStream(a, new WebSocketCreationOptions { IsServer = false, DangerousDeflateOptions = new WebSocketDeflateOptions() }))
        using (WebSocket server = WebSocket.CreateFromStream(b, new WebSocketCreationOptions { IsServer = true, DangerousDeflateOptions = new WebSocketDeflateOptions() }))
        {
            byte[] buffer = new byte[20000];
            await ws.SendAsync(Encoding.UTF8.GetBytes("text message"), WebSocketMessageType.Text, true, default);
            WebSocketReceiveResult r = await server.ReceiveAsync(buffer, default);
            Console.WriteLine($"{r.MessageType} {r.EndOfMessage} {Encoding.UTF8.GetString(buffer, 0, r.Count)}");
            await server.SendAsync(new byte[5000], WebSocketMessageType.Binary, false, default);
            await server.SendAsync(new byte[10], WebSocketMessageType.Binary, true, default);
            int total = 0;
            do { r = await ws.ReceiveAsync(buffer, default); total += r.Count; } while (!r.EndOfMessage);
            Console.WriteLine($"{r.MessageType} {total}");
            Task close = ws.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
            r = await server.ReceiveAsync(buffer, default);
            await server.CloseAsync(WebSocketCloseStatus.NormalClosure, "ok", default);
            await close;
            Console.WriteLine($"{r.MessageType} {r.CloseStatus} {r.CloseStatusDescription} {ws.State} {server.State} {ws.CloseStatusDescription}");
            try { await ws.SendAsync(buffer, WebSocketMessageType.Text, true, default); } catch (WebSocketException e) { Console.WriteLine(e.WebSocketErrorCode); }
        }
    }
}
