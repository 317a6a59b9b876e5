// TCP and UDP clients, Unix sockets, dual mode, options, cancellation, select, DNS of loopback, addresses and errors.
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

internal static class Program
{
    private static string Try(Action f) { try { f(); return "fine"; } catch (SocketException e) { return e.SocketErrorCode.ToString(); } catch (Exception e) { return e.GetType().Name; } }

    private static async Task Main()
    {
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            Task<string> serve = Task.Run(async () => { using TcpClient c = await listener.AcceptTcpClientAsync(); using var r = new StreamReader(c.GetStream()); return await r.ReadToEndAsync(); });
            using (var client = new TcpClient { NoDelay = true, SendTimeout = 1000, LingerState = new LingerOption(true, 1) })
            {
                await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
                await client.GetStream().WriteAsync(new byte[] { 65, 66 });
                client.Client.Send([new ArraySegment<byte>([67, 68], 0, 1), new([69])]);
                Console.WriteLine($"{client.Connected} {client.NoDelay} {client.LingerState!.LingerTime} {client.Client.RemoteEndPoint!.Equals(listener.LocalEndpoint)} {client.Client.Available}");
                client.Client.Shutdown(SocketShutdown.Send);
                Console.WriteLine(await serve);
                Console.WriteLine(client.Client.Receive(new byte[1]));
            }
            Console.WriteLine(listener.Pending());
        }
        using (UdpClient a = new(new IPEndPoint(IPAddress.Loopback, 0)), b = new(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            await a.SendAsync("datagram"u8.ToArray(), (IPEndPoint)b.Client.LocalEndPoint!);
            UdpReceiveResult got = await b.ReceiveAsync();
            Console.WriteLine($"{Encoding.ASCII.GetString(got.Buffer)} {got.RemoteEndPoint.Equals(a.Client.LocalEndPoint)}");
            a.Connect((IPEndPoint)b.Client.LocalEndPoint!); a.Send([1, 2, 3]);
            Console.WriteLine(b.Client.Receive(new byte[2], SocketFlags.Truncated | SocketFlags.Peek) is 2 or 3);
            b.Client.ReceiveTimeout = 20; b.Client.Receive(new byte[10]);
            Console.WriteLine(Try(() => b.Client.Receive(new byte[10])));
        }
        string path = Path.Combine(Path.GetTempPath(), "stator-" + Guid.NewGuid().ToString("N"));
        using (var server = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        using (var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            server.Bind(new UnixDomainSocketEndPoint(path)); server.Listen();
            client.Connect(new UnixDomainSocketEndPoint(path));
            using Socket accepted = server.Accept();
            client.Send("unix"u8);
            byte[] buffer = new byte[10];
            Console.WriteLine($"{accepted.Receive(buffer)} {Encoding.ASCII.GetString(buffer, 0, 4)} {File.Exists(path)}");
            var checkRead = new List<Socket> { accepted, server };
            client.Send([1]);
            Socket.Select(checkRead, null, null, 1000000);
            Console.WriteLine($"{checkRead.Count} {accepted.Poll(0, SelectMode.SelectRead)} {accepted.Poll(0, SelectMode.SelectWrite)} {accepted.Available}");
        }
        File.Delete(path);
        using (var s = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            s.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            s.Bind(new IPEndPoint(IPAddress.Loopback, 0)); s.Listen(1);
            using (var stop = new CancellationTokenSource(20)) try { await s.AcceptAsync(stop.Token); } catch (OperationCanceledException) { Console.WriteLine("accept cancelled"); }
            using var args = new SocketAsyncEventArgs { RemoteEndPoint = s.LocalEndPoint };
            var done = new TaskCompletionSource<SocketError>();
            args.Completed += (_, e) => done.SetResult(e.SocketError);
            using var c = new Socket(SocketType.Stream, ProtocolType.Tcp);
            if (!c.ConnectAsync(args)) done.SetResult(args.SocketError);
            Console.WriteLine($"{await done.Task} {c.Connected} {(int)s.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress)! != 0} {c.DualMode} {Try(() => s.Send([1]))} {Try(() => c.Bind(new IPEndPoint(IPAddress.Loopback, 1)))}");
            s.Dispose();
            Console.WriteLine($"{Try(() => s.Accept())}");
        }
        Console.WriteLine(Try(() => { using var s = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp); s.Connect(new IPEndPoint(IPAddress.Loopback, 1)); }));
        Console.WriteLine($"{(await Dns.GetHostAddressesAsync("127.0.0.1"))[0]} {Dns.GetHostEntry(IPAddress.Loopback).AddressList.Length > 0} {(await Dns.GetHostAddressesAsync("localhost")).All(IPAddress.IsLoopback)} {Dns.GetHostName().Length > 0}");
        IPAddress v6 = IPAddress.Parse("2001:db8::ff00:42:8329");
        Console.WriteLine($"{v6} {v6.MapToIPv6()} {IPAddress.Parse("::ffff:1.2.3.4").MapToIPv4()} {IPAddress.TryParse("1.2.3", out IPAddress? odd)} {odd} {IPAddress.IsLoopback(IPAddress.IPv6Loopback)} {IPNetwork.Parse("10.0.0.0/8").Contains(IPAddress.Parse("10.9.8.7"))} {IPEndPoint.Parse("[::1]:80")} {Convert.ToHexString(v6.GetAddressBytes())} {new IPEndPoint(0x0100007f, 5)} {IPAddress.HostToNetworkOrder((short)1)} {new DnsEndPoint("h", 1)}");
        Console.WriteLine($"{NetworkInterface.GetAllNetworkInterfaces().Any(n => n.NetworkInterfaceType == NetworkInterfaceType.Loopback)} {IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Length >= 0} {PhysicalAddress.Parse("00-11-22-33-44-55")} {new Ping().Send(IPAddress.Loopback, 1000).Status is IPStatus.Success or IPStatus.TimedOut}");
    }
}
