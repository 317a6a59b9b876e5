// XmlSerializer, data contracts in XML and JSON, and what they generate at run time: attributes, arrays, derived types, own interfaces, unknown nodes.
using System.Collections;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Text;
using System.Xml;
using System.Xml.Schema;
using System.Xml.Serialization;

[XmlRoot("order", Namespace = "urn:o"), XmlInclude(typeof(Special))]
public class Order
{
    [XmlAttribute("id")] public int Id;
    [XmlElement("line", typeof(Line)), XmlElement("note", typeof(string))] public object[] Items = [];
    [XmlArray("tags"), XmlArrayItem("tag")] public List<string> Tags { get; set; } = [];
    [XmlText] public string? Text;
    [XmlIgnore] public bool Ignored = true;
    [XmlElement(DataType = "date")] public DateTime Day;
    public Kind Kind;
    public int? Maybe;
    [System.ComponentModel.DefaultValue(5)] public int Default = 5;
    [XmlAnyElement] public XmlElement[]? Any;
    [XmlAnyAttribute] public XmlAttribute[]? AnyAttributes;
    public byte[]? Binary;
    public Own? Own;
    [XmlElement("when")] public TimeSpan? Span;
    public decimal Amount { get; set; }
}
public sealed class Special : Order { public char C = 'c'; public Guid G; }
public sealed class Line { [XmlAttribute] public string? Sku; [XmlAttribute] public double Qty; }
public enum Kind { [XmlEnum("first-kind")] First, Second }
public sealed class Own : IXmlSerializable
{
    public string? V;
    public XmlSchema? GetSchema() => null;
    public void ReadXml(XmlReader r) => V = r.ReadElementContentAsString();
    public void WriteXml(XmlWriter w) => w.WriteString("own:" + V);
}

[DataContract(Name = "person", Namespace = "urn:p", IsReference = true), KnownType(typeof(Student))]
public class Person
{
    [DataMember(Order = 2, Name = "n")] public string? Name { get; set; }
    [DataMember(Order = 1, EmitDefaultValue = false)] private int age;
    [DataMember] public Person? Friend { get; set; }
    [DataMember] public Dictionary<string, int[]> Map { get; set; } = [];
    [OnSerializing] private void Before(StreamingContext c) => age = 33;
    [OnDeserialized] private void After(StreamingContext c) => Age = age;
    public int Age;
}
[DataContract(Namespace = "urn:p")] public sealed class Student : Person { [DataMember] public DayOfWeek Day { get; set; } [DataMember] public Uri? Uri { get; set; } }

internal static class Program
{
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message} {e.InnerException?.Message}"; } }

    private static string Write(XmlSerializer s, object o)
    {
        var w = new StringWriter();
        using (XmlWriter x = XmlWriter.Create(w, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n" })) s.Serialize(x, o, new XmlSerializerNamespaces([new XmlQualifiedName("q", "urn:o")]));
        return w.ToString();
    }

    private static void Main()
    {
        var s = new XmlSerializer(typeof(Order));
        string text = Write(s, new Special { Id = 1, Items = [new Line { Sku = "a&b", Qty = 1.5 }, "note <1>"], Tags = { "x", "y" }, Day = new DateTime(2024, 2, 3), Kind = Kind.First, Binary = [1, 2, 3], Own = new Own { V = "v" }, G = new Guid("11111111-2222-3333-4444-555555555555"), Amount = 1.10m, Span = TimeSpan.FromMinutes(90) });
        Console.WriteLine(text);
        var unknown = new List<string>();
        s.UnknownAttribute += (_, e) => unknown.Add("a:" + e.Attr.Name); s.UnknownElement += (_, e) => unknown.Add("e:" + e.Element.Name); s.UnknownNode += (_, e) => unknown.Add("n:" + e.Name);
        var o = (Order)s.Deserialize(new StringReader(text.Replace("</tags>", "</tags><extra xmlns=\"\" z=\"1\"><deep/></extra>").Replace("id=\"1\"", "id=\"2\" other=\"o\"")))!;
        Console.WriteLine($"{o.GetType().Name} {o.Id} {((Line)o.Items[0]).Qty} {o.Items[1]} {o.Tags.Count} {o.Day:d} {o.Kind} {o.Own!.V} {o.Binary!.Length} {o.Any?.Length} {o.AnyAttributes?.Length} {o.Maybe?.ToString() ?? "none"} {o.Span} {string.Join(",", unknown)} {o.Amount}");
        Console.WriteLine(Try(() => s.Deserialize(new StringReader("<wrong/>"))));
        Console.WriteLine(Try(() => s.Deserialize(new StringReader("<order xmlns='urn:o' id='x'/>"))));
        Console.WriteLine(Try(() => new XmlSerializer(typeof(Hashtable))));
        Console.WriteLine(Try(() => new XmlSerializer(typeof(IDisposable))));
        Console.WriteLine(Write(new XmlSerializer(typeof(int[][])), new[] { new[] { 1 }, [2, 3] }));
        var overrides = new XmlAttributeOverrides();
        overrides.Add(typeof(Line), "Sku", new XmlAttributes { XmlElements = { new XmlElementAttribute("code") } });
        Console.WriteLine(Write(new XmlSerializer(typeof(List<Line>), overrides, [], new XmlRootAttribute("lines"), ""), new List<Line> { new() { Sku = "k" } }));
        var schemas = new XmlSchemas();
        new XmlSchemaExporter(schemas).ExportTypeMapping(new XmlReflectionImporter().ImportTypeMapping(typeof(Line)));
        Console.WriteLine(schemas.Count + " " + schemas[0].Items.Count);
        var a = new Student { Name = "é", Day = DayOfWeek.Friday, Map = { ["k"] = [1, 2] }, Uri = new Uri("http://h/") }; a.Friend = a;
        var dcs = new DataContractSerializer(typeof(Person));
        var m = new MemoryStream();
        dcs.WriteObject(m, a);
        Console.WriteLine(Encoding.UTF8.GetString(m.ToArray()));
        m.Position = 0;
        var p = (Student)dcs.ReadObject(m)!;
        Console.WriteLine($"{p.Age} {p.Friend == p} {p.Map["k"][1]} {p.Day} {p.Uri}");
        var json = new DataContractJsonSerializer(typeof(List<object>), new DataContractJsonSerializerSettings { KnownTypes = [typeof(int[])], EmitTypeInformation = EmitTypeInformation.AsNeeded, UseSimpleDictionaryFormat = true });
        m = new MemoryStream();
        json.WriteObject(m, new List<object> { 1, "two", 3.5, new[] { 4, 5 }, true });
        Console.WriteLine(Encoding.UTF8.GetString(m.ToArray()));
        m.Position = 0;
        Console.WriteLine(string.Join(",", (List<object>)json.ReadObject(m)!));
        Console.WriteLine(Try(() => dcs.ReadObject(new MemoryStream("<x/>"u8.ToArray()))));
        using (XmlDictionaryWriter w = XmlDictionaryWriter.CreateBinaryWriter(m = new MemoryStream())) dcs.WriteObject(w, new Person { Name = "bin" });
        Console.WriteLine(m.ToArray().Length + " " + ((Person)dcs.ReadObject(XmlDictionaryReader.CreateBinaryReader(m.ToArray(), XmlDictionaryReaderQuotas.Max))!).Name);
    }
}
