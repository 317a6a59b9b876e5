// System.Text.Json: documents, nodes, reader and writer, reflection-based and source-generated serialisation,
// converters, polymorphism, errors.
// compile: generators
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind"), JsonDerivedType(typeof(Circle), "c"), JsonDerivedType(typeof(Sq), "s")]
public abstract record Shape;
public record Circle(double R) : Shape;
public record Sq(int Side, string? Label = null) : Shape;
public enum Level { Low, High } public struct Pt { public int X { get; set; } public int Y { get; set; } }

public class Doc
{
    public int Id { get; set; }
    public string? Name { get; set; }
    [JsonPropertyName("tags!")] public List<string> Tags { get; set; } = [];
    public Dictionary<string, int?>? Map { get; set; }
    public DateTime When { get; set; }
    public decimal Price { get; init; }
    public Level Level { get; set; }
    [JsonIgnore] public int Hidden { get; set; } = 5;
    [JsonInclude] public int Field = 3;
    public Pt Point { get; set; }
    public Pt? Maybe { get; set; }
    public byte[]? Bytes { get; set; }
    public Guid G { get; set; }
    public Doc? Child { get; set; }
    public Shape[]? Shapes { get; set; }
    public object? Any { get; set; }
    [JsonConverter(typeof(Hex))] public int Hexed { get; set; }
    public TimeSpan Span { get; set; }
    public (int, int) Tup;
    [JsonExtensionData] public Dictionary<string, JsonElement>? Extra { get; set; }
    public required bool Req { get; set; }
}

public sealed class Hex : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader r, Type t, JsonSerializerOptions o) => Convert.ToInt32(r.GetString(), 16);
    public override void Write(Utf8JsonWriter w, int v, JsonSerializerOptions o) => w.WriteStringValue(v.ToString("x"));
}

public sealed record Node2(string N, Node2[] Kids);

[JsonSerializable(typeof(Node2)), JsonSerializable(typeof(List<Pt>)), JsonSourceGenerationOptions(WriteIndented = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class Ctx : JsonSerializerContext
{
}

internal static class Program
{
    private static string T(Action a)
    {
        try { a(); return "ok"; }
        catch (JsonException e) { return $"JsonException {e.Path} {e.LineNumber}:{e.BytePositionInLine}"; }
        catch (Exception e) { return e.GetType().Name; }
    }

    private static void Main()
    {
        var doc = new Doc { Id = 1, Name = "é\"<x>\n", Tags = ["a", "b"], Map = new() { ["k"] = 1, ["n"] = null },
            When = new(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc), Price = 12.50m, Level = Level.High, Point = new() { X = 1, Y = -2 },
            Bytes = [1, 2, 255], G = Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), Child = new() { Req = false, Name = null },
            Shapes = [new Circle(1.5), new Sq(2, "l")], Any = new[] { 1.5, 2 }, Hexed = 255, Span = TimeSpan.FromMinutes(90), Req = true };
        string s = JsonSerializer.Serialize(doc);
        Console.WriteLine(s);
        Doc back = JsonSerializer.Deserialize<Doc>(s)!;
        Console.WriteLine(JsonSerializer.Serialize(back) == s);
        Console.WriteLine(back.Shapes![1] + " " + back.Any + " " + back.Map!["n"].HasValue + back.Hidden + back.Bytes!.Length);
        var opt = new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault, Converters = { new JsonStringEnumConverter() },
            IncludeFields = true, NumberHandling = JsonNumberHandling.WriteAsString,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        Console.WriteLine(JsonSerializer.Serialize(doc, opt));
        Console.WriteLine(JsonSerializer.Deserialize<Doc>("{\"Req\":true,\"unknown\":{\"a\":[1]},\"ID\":7,/*c*/\"Tup\":null,}",
            new JsonSerializerOptions { PropertyNameCaseInsensitive = true, AllowTrailingCommas = true,
            ReadCommentHandling = JsonCommentHandling.Skip, IncludeFields = false })!.Extra!.Count);
        Console.WriteLine(JsonSerializer.Serialize(new { A = 1, B = new object?[] { null, true, 'c', 1.0f, 1e300, "x" },
            C = new Dictionary<int, string> { [1] = "one" }, D = (IEnumerable<int>)new HashSet<int> { 1 } }));
        var n2 = new Node2("root", [new("kid", []), new("k2", [])]);
        string gen = JsonSerializer.Serialize(n2, Ctx.Default.Node2);
        Console.WriteLine(gen);
        Console.WriteLine(JsonSerializer.Deserialize(gen, Ctx.Default.Node2)!.Kids[1].N);
        Console.WriteLine(JsonSerializer.Serialize(new List<Pt> { new() { X = 5 } }, Ctx.Default.ListPt));
        Console.WriteLine(T(() => JsonSerializer.Deserialize<Doc>("{\"Id\":\"x\",\"Req\":true}")) + " " +
            T(() => JsonSerializer.Deserialize<Doc>("{\"Id\":1}")) + " " + T(() => JsonSerializer.Deserialize<int[]>("[1,2")) + " " +
            T(() => JsonSerializer.Deserialize<int>("1.5")) + " " + T(() => JsonSerializer.Serialize(new Cycle())) + " " +
            T(() => JsonDocument.Parse("{'a':1}")) + " " + T(() => JsonSerializer.Deserialize<Shape>("{\"kind\":\"zz\"}")) + " " +
            T(() => JsonSerializer.Deserialize<IDisposable>("{}")));
        Console.WriteLine(JsonSerializer.Serialize(new Cycle(),
            new JsonSerializerOptions { ReferenceHandler = ReferenceHandler.Preserve }));
        using JsonDocument jd = JsonDocument.Parse("{\"a\":[1,2.5,-3e2,true,null,\"s\\u00e9\\n\"],\"o\":{\"x\":{\"y\":12345678901234567890}}}");
        JsonElement a = jd.RootElement.GetProperty("a");
        Console.WriteLine($"{a.GetArrayLength()} {a[1].GetDouble()} {a[2].GetDecimal()} {a[3].GetBoolean()} {a[4].ValueKind} " +
            $"{a[5].GetString()!.Length} {jd.RootElement.GetProperty("o").GetProperty("x").GetProperty("y").GetUInt64()} " +
            $"{a[0].TryGetByte(out _)} {a.GetRawText()} {string.Join(",", jd.RootElement.EnumerateObject().Select(p => p.Name))} " +
            $"{T(() => a[0].GetString())}");
        JsonNode node = JsonNode.Parse("{\"list\":[1,{\"k\":\"v\"}]}")!;
        node["new"] = 5;
        node["list"]!.AsArray().Add("added");
        node["list"]![1]!["k"] = new JsonArray(1, 2);
        ((JsonObject)node).Remove("none");
        Console.WriteLine(node.ToJsonString() + node["list"]![0]!.GetValue<int>() + node["list"]![1]!["k"]!.GetPath() +
            JsonNode.DeepEquals(node, node.DeepClone()));
        using var ms = new MemoryStream();
        using (var w = new Utf8JsonWriter(ms, new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1 }))
        {
            w.WriteStartObject();
            w.WriteNumber("n", 1.5);
            w.WriteStartArray("arr");
            w.WriteBooleanValue(true);
            w.WriteNullValue();
            w.WriteRawValue("{\"raw\":1}");
            w.WriteEndArray();
            w.WriteBase64String("b", [1, 2]);
            w.WriteEndObject();
        }
        Console.WriteLine(Encoding.UTF8.GetString(ms.ToArray()));
        var r = new Utf8JsonReader("[1, {\"p\": \"q\"}] "u8);
        var sb = new StringBuilder();
        while (r.Read()) sb.Append(r.TokenType).Append('@').Append(r.TokenStartIndex).Append(' ');
        Console.WriteLine(sb);
        ms.SetLength(0);
        JsonSerializer.SerializeAsync(ms, Enumerable.Range(0, 3000)).Wait();
        ms.Position = 0;
        Console.WriteLine(JsonSerializer.DeserializeAsync<List<int>>(ms).Result!.Sum());
    }

    private sealed class Cycle { public Cycle Self => this; public int V { get; set; } = 1; }
}
