// LINQ to XML, XmlReader and XmlWriter, XmlDocument with XPath, XSLT-free serialisation with XmlSerializer and DataContractSerializer.
using System.Runtime.Serialization;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Serialization;
using System.Xml.XPath;

[XmlRoot("person")]
public class Person
{
    [XmlAttribute("id")] public int Id { get; set; }
    [XmlElement("name")] public string Name { get; set; } = "";
    [XmlArray("tags"), XmlArrayItem("tag")] public List<string> Tags { get; set; } = [];
    public DateTime Born { get; set; }
    [XmlIgnore] public int Skip { get; set; }
    public Kind Kind { get; set; }
}

public enum Kind { One, [XmlEnum("zwei")] Two }
[DataContract] public class Dc { [DataMember(Order = 2)] public int A { get; set; } [DataMember(Order = 1)] public Dc? Next { get; set; } }

internal static class Program
{
    private static void Main()
    {
        var x = new XDocument(new XElement("root", new XAttribute("a", 1),
            from i in Enumerable.Range(1, 3) select new XElement("item", new XAttribute("n", i), i * i), new XComment("c"),
            new XCData("<raw>")));
        Console.WriteLine(x);
        XNamespace ns = "urn:x";
        Console.WriteLine(XElement.Parse("<a xmlns='urn:x'><b>1</b><b>2</b></a>").Elements(ns + "b").Sum(e => (int)e));
        x.Root!.Element("item")!.Remove();
        x.Root.Add(new XElement("new", "é<>&"));
        Console.WriteLine(x.Root.ToString(SaveOptions.DisableFormatting) + x.XPathSelectElement("//item[@n='3']")!.Value +
            x.Descendants().Count());
        var doc = new XmlDocument();
        doc.LoadXml("<r><p q='1'/><p q='2'>t</p></r>");
        Console.WriteLine(doc.SelectNodes("/r/p[@q>1]")!.Count + doc.DocumentElement!.LastChild!.InnerText +
            doc.CreateNavigator()!.Evaluate("sum(//@q)"));
        var sw = new StringWriter();
        using (var w = XmlWriter.Create(sw, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true }))
        {
            w.WriteStartElement("o");
            w.WriteElementString("e", "v");
            w.WriteAttributeString0();
            w.WriteEndElement();
        }
        Console.WriteLine(sw);
        using var r = XmlReader.Create(new StringReader("<a b='c'>t<d/><!--z--></a>"));
        while (r.Read()) Console.Write($"{r.NodeType}:{r.Name}:{r.Value} ");
        Console.WriteLine();
        try { XDocument.Parse("<a><b></a>"); } catch (XmlException e) { Console.WriteLine(e.LineNumber + " " + e.LinePosition); }
        var ser = new XmlSerializer(typeof(Person));
        var o = new StringWriter();
        ser.Serialize(o, new Person { Id = 5, Name = "n<", Tags = ["x", "y"], Born = new(2000, 1, 2), Kind = Kind.Two });
        Console.WriteLine(o);
        var back = (Person)ser.Deserialize(new StringReader(o.ToString()))!;
        Console.WriteLine($"{back.Id}{back.Name}{back.Tags.Count}{back.Kind}{back.Born:d}");
        var dcs = new DataContractSerializer(typeof(Dc));
        using var ms = new MemoryStream();
        dcs.WriteObject(ms, new Dc { A = 1, Next = new Dc { A = 2 } });
        Console.WriteLine(System.Text.Encoding.UTF8.GetString(ms.ToArray()));
        ms.Position = 0;
        Console.WriteLine(((Dc)dcs.ReadObject(ms)!).Next!.A);
    }

    private static void WriteAttributeString0(this XmlWriter w)
    {
        w.WriteStartElement("at");
        w.WriteAttributeString("k", "v\"");
        w.WriteEndElement();
    }
}
