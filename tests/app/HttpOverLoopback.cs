// HttpClient with handlers against HttpListener: methods, headers, cookies, redirects, compression, chunks, cancellation, status codes.
using System.IO.Compression;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;

internal static class Program
{
    private sealed class Counting(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        public int Count;
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage r, CancellationToken t) { Count++; r.Headers.Add("X-Count", Count.ToString()); return base.SendAsync(r, t); }
    }

    private static async Task Answer(HttpListenerContext c)
    {
        HttpListenerResponse r = c.Response;
        switch (c.Request.Url!.AbsolutePath)
        {
            case "/redirect": r.Redirect("/text"); break;
            case "/cookie": r.Headers.Add("Set-Cookie", "id=7; path=/"); break;
            case "/seen": r.OutputStream.Write(Encoding.UTF8.GetBytes(c.Request.Cookies["id"]?.Value ?? "none")); break;
            case "/gzip": r.Headers["Content-Encoding"] = "gzip"; using (var g = new GZipStream(r.OutputStream, CompressionMode.Compress)) g.Write("unpacked"u8); return;
            case "/status": r.StatusCode = 503; r.StatusDescription = "Not Now"; break;
            case "/json": r.ContentType = "application/json"; r.OutputStream.Write("{\"a\":1,\"b\":[\"x\"]}"u8); break;
            case "/echo": { var m = new MemoryStream(); await c.Request.InputStream.CopyToAsync(m); r.Headers["X-Method"] = c.Request.HttpMethod; r.Headers["X-Type"] = c.Request.ContentType; r.OutputStream.Write(m.ToArray()); break; }
            case "/slow": await Task.Delay(2000); break;
            case "/chunks": r.SendChunked = true; for (int i = 0; i < 50; i++) { r.OutputStream.Write(new byte[100]); r.OutputStream.Flush(); } break;
            default: r.OutputStream.Write(Encoding.UTF8.GetBytes($"text {c.Request.QueryString["q"]} {c.Request.Headers["X-Count"]} {c.Request.KeepAlive}")); break;
        }
        r.Close();
    }

    private static async Task Main()
    {
        HttpListener listener;
        int port;
        for (;;)
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0)) { probe.Start(); port = ((IPEndPoint)probe.LocalEndpoint).Port; }
            listener = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
            try { listener.Start(); break; } catch (HttpListenerException) { }
        }
        _ = Task.Run(async () => { try { while (true) { HttpListenerContext c = await listener.GetContextAsync(); _ = Task.Run(() => Answer(c)); } } catch (Exception) { } });
        var counting = new Counting(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All, UseCookies = true, PooledConnectionLifetime = TimeSpan.FromMinutes(1), UseProxy = false });
        using var client = new HttpClient(counting) { BaseAddress = new Uri($"http://127.0.0.1:{port}/") };
        Console.WriteLine(await client.GetStringAsync("text?q=a%20b"));
        Console.WriteLine((await client.GetStringAsync("redirect"))[..4]);
        (await client.GetAsync("cookie")).EnsureSuccessStatusCode();
        Console.WriteLine(await client.GetStringAsync("seen"));
        Console.WriteLine(await client.GetStringAsync("gzip"));
        HttpResponseMessage status = await client.GetAsync("status");
        Console.WriteLine($"{(int)status.StatusCode} {status.ReasonPhrase} {status.IsSuccessStatusCode}");
        try { status.EnsureSuccessStatusCode(); } catch (HttpRequestException e) { Console.WriteLine($"{e.StatusCode} {e.Message}"); }
        Doc? doc = await client.GetFromJsonAsync<Doc>("json");
        Console.WriteLine($"{doc!.A} {doc.B[0]}");
        foreach (HttpMethod m in new[] { HttpMethod.Put, HttpMethod.Patch, HttpMethod.Delete, new HttpMethod("OWN") })
        {
            using var request = new HttpRequestMessage(m, "echo") { Content = new StringContent($"body of {m}", Encoding.UTF8, "text/x-own"), Version = HttpVersion.Version11 };
            request.Headers.TryAddWithoutValidation("X-Any", "a,b");
            HttpResponseMessage r = await client.SendAsync(request);
            Console.WriteLine($"{r.Headers.GetValues("X-Method").Single()} {r.Headers.GetValues("X-Type").Single()} {await r.Content.ReadAsStringAsync()} {r.Version}");
        }
        using var form = new MultipartFormDataContent("bound") { { new StringContent("v"), "field" }, { new ByteArrayContent([1, 2]), "file", "f.bin" } };
        string multi = await (await client.PostAsync("echo", form)).Content.ReadAsStringAsync();
        Console.WriteLine($"{multi.Length} {multi.Contains("name=field")} {(await (await client.PostAsync("echo", new FormUrlEncodedContent([new("k", "a b&c")]))).Content.ReadAsStringAsync())}");
        using (HttpResponseMessage chunks = await client.GetAsync("chunks", HttpCompletionOption.ResponseHeadersRead))
        using (Stream s = await chunks.Content.ReadAsStreamAsync()) { byte[] b = new byte[333]; int total = 0, n; while ((n = await s.ReadAsync(b)) > 0) total += n; Console.WriteLine($"{total} {chunks.Headers.TransferEncodingChunked} {chunks.Content.Headers.ContentLength?.ToString() ?? "unknown"}"); }
        using (var stop = new CancellationTokenSource(30)) try { await client.GetAsync("slow", stop.Token); } catch (OperationCanceledException e) { Console.WriteLine(e.CancellationToken == stop.Token); }
        string[] together = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => client.GetStringAsync($"text?q={i}")));
        Console.WriteLine(together.Select((t, i) => t.StartsWith($"text {i} ")).All(x => x) + " " + counting.Count);
        listener.Stop();
        try { await client.GetAsync("text"); Console.WriteLine("answered"); } catch (HttpRequestException e) { Console.WriteLine(e.HttpRequestError); }
        var h = new HttpRequestMessage().Headers;
        h.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html", 0.5)); h.CacheControl = new CacheControlHeaderValue { MaxAge = TimeSpan.FromSeconds(5) }; h.Authorization = AuthenticationHeaderValue.Parse("Basic abc"); h.IfModifiedSince = DateTimeOffset.UnixEpoch; h.Range = new RangeHeaderValue(1, 5);
        Console.WriteLine(h.ToString().ReplaceLineEndings("|") + ContentDispositionHeaderValue.Parse("attachment; filename=\"a b\"").FileName + MediaTypeHeaderValue.Parse("a/b; charset=utf-8").CharSet);
        Console.WriteLine($"{WebUtility.UrlEncode("a b&é")} {WebUtility.HtmlEncode("<é&>")} {WebUtility.HtmlDecode("&lt;&eacute;&#x41;")} {Uri.EscapeDataString("a/b é")} {new UriBuilder("http", "h", 8, "p") { Query = "q=1" }.Uri} {new Uri(new Uri("http://h/a/b"), "../c")} {Uri.TryCreate("http://[::1]:x/", UriKind.Absolute, out _)}");
    }

    public sealed record Doc(int A, string[] B);
}
