// compile: generators
// System.Text.Json by source generation and by reflection: polymorphism, converters, naming, numbers, comments, streaming, nodes, schema, errors.
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

[JsonDerivedType(typeof(Circle), "circle"), JsonDerivedType(typeof(Square), 2)]
public abstract record Shape { public string? Name { get; init; } }
public sealed record Circle(double R) : Shape;
public sealed record Square : Shape { public int Side { get; set; } }

public enum Colour { [JsonStringEnumMemberName("dark-red")] Red, Green }

public sealed class Everything
{
    public int Id { get; set; }
    [JsonPropertyName("the name")] public string Name { get; set; } = "";
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] public string? Missing { get; set; }
    [JsonIgnore] public int Hidden { get; set; } = 9;
    public Dictionary<string, List<int?>> Map { get; set; } = [];
    public Colour Colour { get; set; }
    [JsonConverter(typeof(Hex))] public int Hex { get; set; }
    public DateTimeOffset When { get; set; }
    public Guid Guid { get; set; }
    public byte[] Bytes { get; set; } = [];
    public Shape[] Shapes { get; set; } = [];
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)] public long Big { get; set; }
    [JsonExtensionData] public Dictionary<string, JsonElement>? Extra { get; set; }
    [JsonInclude] internal int Internal = 3;
    public (int, string) Tuple { get; set; }
    public required string Must { get; init; }
    [JsonPropertyOrder(-1)] public char First { get; set; } = 'f';
}

public sealed class Hex : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader r, Type t, JsonSerializerOptions o) => Convert.ToInt32(r.GetString(), 16);
    public override void Write(Utf8JsonWriter w, int v, JsonSerializerOptions o) => w.WriteStringValue(v.ToString("x"));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.KebabCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Everything)), JsonSerializable(typeof(List<Shape>)), JsonSerializable(typeof(Dictionary<Colour, int>))]
internal sealed partial class Context : JsonSerializerContext;

internal static class Program
{
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private static async Task Main()
    {
        var e = new Everything { Id = 1, Name = "é<\"", Map = { ["k"] = [1, null] }, Colour = Colour.Red, Hex = 255, When = new(2024, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)), Guid = new("11111111-2222-3333-4444-555555555555"), Bytes = [1, 2], Shapes = [new Circle(1.5) { Name = "c" }, new Square { Side = 2 }], Big = long.MaxValue, Must = "m", Tuple = (1, "x") };
        string generated = JsonSerializer.Serialize(e, Context.Default.Everything);
        Console.WriteLine(generated);
        var options = new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Converters = { new JsonStringEnumConverter<Colour>() }, IncludeFields = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        string reflected = JsonSerializer.Serialize(e, options);
        Console.WriteLine(reflected);
        Everything back = JsonSerializer.Deserialize(generated, Context.Default.Everything)!, again = JsonSerializer.Deserialize<Everything>(reflected.Replace("\"id\":1", "\"id\":1,\"extra\":[true]"), options)!;
        Console.WriteLine($"{back.Shapes[0]} {back.Hex} {back.Map["k"].Count} {back.When == e.When} {again.Extra!["extra"]} {again.Shapes[1]} {again.Tuple} {again.Colour} {again.Internal}");
        Console.WriteLine(JsonSerializer.Serialize(new Dictionary<Colour, int> { [Colour.Green] = 1 }, Context.Default.DictionaryColourInt32).ReplaceLineEndings(""));
        foreach (string bad in new[] { "{", "{\"id\":\"x\"}", "{\"id\":1}", "[1,]", "nul", "{\"shapes\":[{\"$type\":\"none\"}],\"must\":\"\"}", "{\"must\":\"a\",\"colour\":\"Blue\"}" }) Console.WriteLine(Try(() => JsonSerializer.Deserialize<Everything>(bad, options)));
        Console.WriteLine(Try(() => JsonSerializer.Deserialize<int[]>("[1, /* c */ 2,]", new JsonSerializerOptions { ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!.Length) + " " + Try(() => JsonSerializer.Serialize(double.NaN)) + " " + JsonSerializer.Serialize(double.NaN, new JsonSerializerOptions { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals }) + " " + Try(() => { var l = new List<object>(); l.Add(l); return JsonSerializer.Serialize(l); }).Split('.')[0]);
        var cyclic = new Linked { V = 1 }; cyclic.Next = cyclic;
        Console.WriteLine(JsonSerializer.Serialize(cyclic, new JsonSerializerOptions { ReferenceHandler = ReferenceHandler.Preserve }) + JsonSerializer.Serialize(cyclic, new JsonSerializerOptions { ReferenceHandler = ReferenceHandler.IgnoreCycles }) + JsonSerializer.Serialize(new { anon = 1, list = new[] { 1.5m }, nil = (object?)null, obj = (object)DayOfWeek.Friday }) + JsonSerializer.Deserialize<Rec>("{\"b\":2,\"A\":5}", JsonSerializerOptions.Web));
        JsonNode node = JsonNode.Parse("{\"a\":[1,{\"b\":null}],\"c\":1.50}")!;
        node["a"]![0] = 7; node["d"] = new JsonObject { ["e"] = JsonValue.Create(true) }; node.AsObject().Remove("c");
        Console.WriteLine($"{node.ToJsonString()} {node["a"]![1]!.GetPath()} {JsonNode.DeepEquals(node, node.DeepClone())} {node["a"]!.AsArray().Count} {Try(() => node["a"]!.GetValue<int>())}");
        using JsonDocument doc = JsonDocument.Parse("{\"x\":[1,2.5e3,\"\\u00e9\",false],\"y\":12345678901234567890}");
        Console.WriteLine($"{doc.RootElement.GetProperty("x").EnumerateArray().Select(v => v.ValueKind).Count()} {doc.RootElement.GetProperty("x")[1].GetDouble()} {doc.RootElement.GetProperty("x")[2].GetString()} {doc.RootElement.GetProperty("y").TryGetInt64(out _)} {doc.RootElement.GetProperty("y").GetUInt64()} {doc.RootElement.TryGetProperty("z", out _)} {Try(() => doc.RootElement.GetProperty("z"))}");
        var ms = new MemoryStream();
        await JsonSerializer.SerializeAsync(ms, Numbers());
        ms.Position = 0;
        int sum = 0;
        await foreach (int i in JsonSerializer.DeserializeAsyncEnumerable<int>(ms)) sum += i;
        Console.WriteLine($"{ms.Length} {sum}");
        var custom = new JsonSerializerOptions { TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { t => { foreach (JsonPropertyInfo p in t.Properties) p.Name = p.Name.ToUpperInvariant(); } } } };
        Console.WriteLine(JsonSerializer.Serialize(new Rec(1, 2), custom) + " " + JsonSerializerOptions.Default.GetJsonSchemaAsNode(typeof(Rec)).ToJsonString() + " " + Try(() => JsonSerializer.Serialize(new Rec(1, 2), typeof(Rec), Context.Default)).Split('.')[0]);
        var reader = new Utf8JsonReader("{\"a\":[1,true]}"u8);
        while (reader.Read()) Console.Write($"{reader.TokenType}@{reader.TokenStartIndex} ");
        Console.WriteLine();
        var writer = new Utf8JsonWriter(ms = new MemoryStream(), new JsonWriterOptions { Indented = true, IndentCharacter = '\t', IndentSize = 1, NewLine = "\n" });
        writer.WriteStartObject(); writer.WriteNumber("n", 1.5f); writer.WriteBase64String("b", [1]);
        Console.WriteLine(Try(() => { writer.Flush(); return Encoding.UTF8.GetString(ms.ToArray()); }));
    }

    private static async IAsyncEnumerable<int> Numbers() { for (int i = 0; i < 100; i++) { if (i % 30 == 0) await Task.Yield(); yield return i; } }
    public sealed record Rec(int A, int B);
    public sealed class Linked { public int V { get; set; } public Linked? Next { get; set; } }
}
