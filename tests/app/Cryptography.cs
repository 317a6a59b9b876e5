// The OpenSSL library underneath: digests, keyed hashes, ciphers in each mode, RSA, elliptic curves, key derivation, certificates and chains, PEM and ASN.1.
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

internal static class Program
{
    private static string Hex(ReadOnlySpan<byte> b) => b.Length > 24 ? Convert.ToHexString(b[..24]) + ".." : Convert.ToHexString(b);
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return e.GetType().Name; } }

    private static void Hashes(byte[] d)
    {
        foreach (HashAlgorithm h in new HashAlgorithm[] { MD5.Create(), SHA1.Create(), SHA256.Create(), SHA384.Create(), SHA512.Create(), new HMACMD5(d), new HMACSHA256(d), new HMACSHA512(d) })
            Console.WriteLine($"{h.GetType().Name} {h.HashSize} {Hex(h.ComputeHash(d))} {Hex(h.ComputeHash(new MemoryStream(new byte[1000])))}");
        using var inc = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        inc.AppendData(d); inc.AppendData(d);
        Console.WriteLine($"{Hex(inc.GetCurrentHash())} {inc.GetHashAndReset().SequenceEqual(SHA256.HashData([.. d, .. d]))} {SHA3_256.IsSupported == Shake128.IsSupported} {CryptographicOperations.FixedTimeEquals(d, d)} {Hex(CryptographicOperations.HashData(HashAlgorithmName.SHA1, d))}");
        Console.WriteLine($"{Hex(Rfc2898DeriveBytes.Pbkdf2("password", d, 1000, HashAlgorithmName.SHA512, 20))} {Hex(HKDF.DeriveKey(HashAlgorithmName.SHA256, d, 20, [1], [2]))} {RandomNumberGenerator.GetBytes(10).Length} {RandomNumberGenerator.GetInt32(5, 6)} {RandomNumberGenerator.GetString("a", 3)}");
    }

    private static void Ciphers(byte[] d)
    {
        using Aes aes = Aes.Create();
        aes.Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] iv = new byte[16];
        byte[] cbc = aes.EncryptCbc(d, iv), ecb = aes.EncryptEcb(d, PaddingMode.PKCS7), cfb = aes.EncryptCfb(d, iv);
        Console.WriteLine($"{Hex(cbc)} {Hex(ecb)} {Hex(cfb)} {aes.DecryptCbc(cbc, iv).SequenceEqual(d)} {aes.DecryptCfb(cfb, iv).SequenceEqual(d)}");
        cbc[^1] ^= 1;
        Console.WriteLine($"{Try(() => aes.DecryptCbc(cbc, iv))} {Try(() => aes.Key = new byte[5])} {aes.LegalKeySizes[0].MaxSize}");
        using TripleDES tdes = TripleDES.Create();
        tdes.Key = [.. Enumerable.Range(1, 24).Select(i => (byte)(i * 7))];
        Console.WriteLine(Hex(tdes.EncryptCbc(d, new byte[8])));
        byte[] cipher = new byte[d.Length], tag = new byte[16], plain = new byte[d.Length];
        using (var gcm = new AesGcm(aes.Key, 16)) { gcm.Encrypt(new byte[12], d, cipher, tag, new byte[] { 9 }); gcm.Decrypt(new byte[12], cipher, tag, plain, new byte[] { 9 }); Console.WriteLine($"{Hex(cipher)} {Hex(tag)} {plain.SequenceEqual(d)} {Try(() => { gcm.Decrypt(new byte[12], cipher, tag, plain, new byte[] { 8 }); return 1; })}"); }
        using (var ccm = new AesCcm(aes.Key)) { ccm.Encrypt(new byte[12], d, cipher, tag); Console.WriteLine($"{Hex(cipher)} {Hex(tag)}"); }
        if (ChaCha20Poly1305.IsSupported) using (var cha = new ChaCha20Poly1305(aes.Key)) { cha.Encrypt(new byte[12], d, cipher, tag); Console.WriteLine($"{Hex(cipher)} {Hex(tag)}"); }
    }

    private static void Keys(byte[] d)
    {
        using RSA rsa = RSA.Create(1024);
        byte[] pkcs = rsa.SignData(d, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using RSA pub = RSA.Create();
        pub.ImportFromPem(rsa.ExportSubjectPublicKeyInfoPem());
        Console.WriteLine($"{pub.VerifyData(d, pkcs, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)} {pub.VerifyData(new byte[] { 1 }, pkcs, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)} {Encoding.ASCII.GetString(rsa.Decrypt(pub.Encrypt(d, RSAEncryptionPadding.OaepSHA1), RSAEncryptionPadding.OaepSHA1))} {rsa.KeySize} {Try(() => pub.ExportParameters(true))} {rsa.ExportPkcs8PrivateKeyPem()[..27]}");
        byte[] wrapped = rsa.ExportEncryptedPkcs8PrivateKey("pw", new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000));
        using RSA again = RSA.Create();
        again.ImportEncryptedPkcs8PrivateKey("pw", wrapped, out _);
        Console.WriteLine($"{again.ExportParameters(false).Modulus!.SequenceEqual(rsa.ExportParameters(false).Modulus!)} {Try(() => { again.ImportEncryptedPkcs8PrivateKey("no", wrapped, out _); return 1; })}");
        using ECDsa ec = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] sig = ec.SignData(d, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence);
        using ECDsa ecPub = ECDsa.Create(ec.ExportParameters(false));
        Console.WriteLine($"{ecPub.VerifyData(d, sig, HashAlgorithmName.SHA384, DSASignatureFormat.Rfc3279DerSequence)} {ec.KeySize} {ec.ExportParameters(false).Curve.Oid.FriendlyName} {Try(() => ecPub.SignData(d, HashAlgorithmName.SHA256))}");
        using ECDiffieHellman a = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256), b = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        Console.WriteLine(a.DeriveKeyFromHash(b.PublicKey, HashAlgorithmName.SHA256).SequenceEqual(b.DeriveKeyFromHash(a.PublicKey, HashAlgorithmName.SHA256)));
    }

    private static void Certificates()
    {
        using RSA rootKey = RSA.Create(2048); using ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        DateTimeOffset from = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), to = new(2040, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var rootRequest = new CertificateRequest("CN=Root, O=Stator", rootKey, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 1, true));
        rootRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using X509Certificate2 root = rootRequest.CreateSelfSigned(from, to);
        var request = new CertificateRequest("CN=leaf", leafKey, HashAlgorithmName.SHA256);
        var san = new SubjectAlternativeNameBuilder(); san.AddDnsName("a.test"); san.AddIpAddress(System.Net.IPAddress.Loopback); request.CertificateExtensions.Add(san.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        using X509Certificate2 leaf = request.Create(root.SubjectName, X509SignatureGenerator.CreateForRSA(rootKey, RSASignaturePadding.Pss), from.AddDays(1), to.AddDays(-1), [1, 2, 3]).CopyWithPrivateKey(leafKey);
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { root }, VerificationTime = new DateTime(2030, 1, 1) } };
        Console.WriteLine($"{chain.Build(leaf)} {chain.ChainElements.Count} {leaf.MatchesHostname("a.test")} {leaf.MatchesHostname("b.test")} {leaf.SerialNumber} {leaf.Issuer} {leaf.HasPrivateKey} {leaf.GetKeyAlgorithm()} {leaf.SignatureAlgorithm.FriendlyName} {leaf.Version}");
        chain.Reset(); chain.ChainPolicy.VerificationTime = new DateTime(2050, 1, 1);
        Console.WriteLine($"{chain.Build(leaf)} {string.Join(",", chain.ChainStatus.Select(s => s.Status))}");
        foreach (X509Extension e in leaf.Extensions) Console.WriteLine($"{e.Oid!.Value} {e.Critical} {e.Format(false)}");
        byte[] pfx = new X509Certificate2Collection { leaf, root }.Export(X509ContentType.Pfx, "p")!;
        Console.WriteLine($"{X509CertificateLoader.LoadPkcs12Collection(pfx, "p").Count} {Try(() => X509CertificateLoader.LoadPkcs12(pfx, "wrong"))} {X509Certificate2.GetCertContentType(pfx)} {X509CertificateLoader.LoadCertificate(leaf.RawData).Equals(leaf)} {X509Certificate2.CreateFromPem(leaf.ExportCertificatePem()).Subject}");
        var w = new AsnWriter(AsnEncodingRules.DER);
        using (w.PushSequence()) { w.WriteInteger(300); w.WriteObjectIdentifier("1.2.840"); w.WriteUtf8String(); w.WriteBitString([1, 2], 1 - 1); w.WriteNull(); }
        var r = new AsnReader(w.Encode(), AsnEncodingRules.DER).ReadSequence();
        Console.WriteLine($"{Convert.ToHexString(w.Encode())} {r.ReadInteger()} {r.ReadObjectIdentifier()} {Try(() => r.ReadBoolean())} {PemEncoding.WriteString("X", [1, 2]).ReplaceLineEndings("|")}");
    }

    private static void WriteUtf8String(this AsnWriter w) => w.WriteCharacterString(UniversalTagNumber.UTF8String, "é");

    private static void Main()
    {
        byte[] d = Encoding.ASCII.GetBytes("the message to be treated");
        Hashes(d);
        Ciphers(d);
        Keys(d);
        Certificates();
    }
}
