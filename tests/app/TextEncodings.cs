// Encodings of every kind, fallbacks, decoders that keep state between calls, preambles, Rune, UTF-8 transcoding.
using System.Buffers;
using System.Text;
using System.Text.Unicode;

internal static class Program
{
    private sealed class Stars : EncoderFallback
    {
        public override int MaxCharCount => 2;
        public override EncoderFallbackBuffer CreateFallbackBuffer() => new Buffer();
        private sealed class Buffer : EncoderFallbackBuffer
        {
            private int left;
            public override int Remaining => left;
            public override bool Fallback(char c, int i) { left = 2; return true; }
            public override bool Fallback(char h, char l, int i) { left = 2; return true; }
            public override char GetNextChar() => left-- > 0 ? '*' : '\0';
            public override bool MovePrevious() => false;
        }
    }

    private static void Main()
    {
        string text = "aé€😀\uD800z";
        Encoding[] all = [Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, new UTF32Encoding(true, true), Encoding.ASCII, Encoding.Latin1, new UTF8Encoding(true)];
        foreach (Encoding e in all)
        {
            byte[] b = e.GetBytes(text);
            Console.WriteLine($"{e.WebName} {e.CodePage} {Convert.ToHexString(b)} {string.Join(",", e.GetString(b).Select(c => ((int)c).ToString("x")))} {e.GetMaxByteCount(3)} {e.GetMaxCharCount(3)} {Convert.ToHexString(e.GetPreamble())} {e.IsSingleByte}");
        }
        try { new UTF8Encoding(false, true).GetBytes(text); } catch (EncoderFallbackException e) { Console.WriteLine($"{e.Index} {(int)e.CharUnknown:x} {e.Message}"); }
        try { new UTF8Encoding(false, true).GetString([0x61, 0xc3, 0x28]); } catch (DecoderFallbackException e) { Console.WriteLine($"{e.Index} {Convert.ToHexString(e.BytesUnknown!)}"); }
        Console.WriteLine(Encoding.ASCII.GetString(Encoding.GetEncoding("us-ascii", new Stars(), DecoderFallback.ReplacementFallback).GetBytes("aéb😀")));
        Console.WriteLine(Encoding.GetEncoding("iso-8859-1", new EncoderReplacementFallback("[?]"), new DecoderExceptionFallback()).GetBytes("€").Length);
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        foreach (string name in new[] { "windows-1252", "shift_jis", "gb18030", "koi8-r", "ibm437", "big5", "euc-jp", "iso-2022-jp" })
        {
            Encoding e = Encoding.GetEncoding(name);
            byte[] b = e.GetBytes("aд漢€é");
            Console.WriteLine($"{e.WebName} {e.EncodingName} {Convert.ToHexString(b)} {e.GetString(b)}");
        }
        try { Encoding.GetEncoding("no-such"); } catch (ArgumentException e) { Console.WriteLine(e.Message); }
        Decoder d = Encoding.UTF8.GetDecoder();
        char[] chars = new char[8];
        foreach (byte b in Encoding.UTF8.GetBytes("é😀")) Console.Write(d.GetChars([b], 0, 1, chars, 0) + " ");
        d.Convert([0xf0, 0x9f], chars, true, out int used, out int made, out bool completed);
        Console.WriteLine($"{used} {made} {completed} {(int)chars[0]:x}");
        Encoder n = Encoding.UTF8.GetEncoder();
        byte[] bytes = new byte[8];
        Console.WriteLine($"{n.GetBytes(['\ud83d'], 0, 1, bytes, 0, false)} {n.GetBytes(['\ude00'], 0, 1, bytes, 0, true)} {Convert.ToHexString(bytes)}");
        foreach (Rune r in text.EnumerateRunes()) Console.Write($"{r.Value:x}/{r.Utf8SequenceLength}/{Rune.GetUnicodeCategory(r)} ");
        Console.WriteLine(Rune.DecodeFromUtf8([0xe2, 0x82], out _, out int consumed) + " " + consumed + " " + Rune.ToUpperInvariant(new Rune('é')) + " " + Rune.IsLetter(new Rune(0x1F600)));
        byte[] u8 = new byte[20]; char[] u16 = new char[20];
        Console.WriteLine($"{Utf8.FromUtf16(text, u8, out int read, out int wrote)} {read} {wrote} {Utf8.ToUtf16(u8.AsSpan(0, 3), u16, out _, out _, false)} {Utf8.IsValid(u8.AsSpan(0, wrote))} {Utf8.TryWrite(u8, $"{42:x}-{"é"}", out wrote)} {wrote}");
        Console.WriteLine($"{Ascii.Equals("abc", "abc"u8)} {Ascii.EqualsIgnoreCase("ABC", "abc")} {Ascii.IsValid("é")} {Ascii.ToUpper("aé1"u8, u8, out int up)} {up}");
        Console.WriteLine(Encoding.UTF7 is null ? "" : Encoding.GetEncodings().Length > 5 ? "lists" : "few");
        Console.WriteLine(Convert.ToBase64String(Encoding.Unicode.GetBytes("base")) + " " + Convert.ToBase64String(new byte[60], Base64FormattingOptions.InsertLineBreaks).Length + " " + System.Buffers.Text.Base64Url.EncodeToString([251, 255]) + " " + Convert.ToHexStringLower([171]));
        using Stream transcoding = Encoding.CreateTranscodingStream(new MemoryStream(Encoding.Latin1.GetBytes("ué")), Encoding.Latin1, Encoding.UTF8);
        Console.WriteLine(new StreamReader(transcoding).ReadToEnd());
        Console.WriteLine(SearchValues.Create("aeiou").Contains('e') + " " + "xyzzy-abc".AsSpan().IndexOfAny(SearchValues.Create("abc")) + " " + "the cat".AsSpan().IndexOfAny(SearchValues.Create(["dog", "CAT"], StringComparison.OrdinalIgnoreCase)));
    }
}
