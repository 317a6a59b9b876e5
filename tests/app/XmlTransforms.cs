// XML in depth: readers and writers with settings, namespaces, DTDs and entities, XPath, XSLT compiled to methods, schemas, LINQ to XML with events.
using System.Text;
using System.Xml;
using System.Xml.Linq;
using System.Xml.Schema;
using System.Xml.XPath;
using System.Xml.Xsl;

internal static class Program
{
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private const string Data = "<r xmlns:p='urn:p'><a n='3' p:q='x'>three</a><a n='1'>one<!-- c --></a><p:b><![CDATA[<raw>]]></p:b><?pi data?></r>";

    private static void Main()
    {
        using (XmlReader r = XmlReader.Create(new StringReader(Data), new XmlReaderSettings { IgnoreComments = true }))
            while (r.Read()) Console.Write($"{r.NodeType}:{r.Name}:{r.Value}:{r.Depth}:{r.AttributeCount}:{r.NamespaceURI} ");
        Console.WriteLine();
        foreach (string bad in new[] { "<a><b></a>", "<a>&none;</a>", "<a x='1' x='2'/>", "<a", "<a/><b/>", "<p:a/>", "\u0001", "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>" })
            Console.WriteLine(Try(() => { using XmlReader r = XmlReader.Create(new StringReader(bad)); while (r.Read()) { } return "read"; }));
        using (XmlReader r = XmlReader.Create(new StringReader("<!DOCTYPE a [<!ENTITY e 'expanded'><!ATTLIST a d CDATA 'default'>]><a>&e;</a>"), new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse })) { r.MoveToContent(); Console.WriteLine(r.GetAttribute("d") + r.ReadElementContentAsString()); }
        var sb = new StringBuilder();
        using (XmlWriter w = XmlWriter.Create(sb, new XmlWriterSettings { Indent = true, IndentChars = "\t", NewLineChars = "\n", NewLineOnAttributes = true, OmitXmlDeclaration = true }))
        {
            w.WriteStartElement("p", "root", "urn:p"); w.WriteAttributeString("a", "1 & 2\n"); w.WriteAttributeString("xml", "lang", null, "en"); w.WriteElementString("e", "<text>"); w.WriteStartElement("v"); w.WriteValue(new DateTime(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc)); w.WriteEndElement(); w.WriteBase64([1, 2, 3], 0, 3); w.WriteComment("c"); w.WriteRaw("<raw/>"); w.WriteEntityRef("amp"); w.WriteFullEndElement();
            Console.WriteLine(Try(() => { w.WriteStartElement("second"); return 1; }));
        }
        Console.WriteLine(sb);
        var nav = new XPathDocument(new StringReader(Data)).CreateNavigator();
        var ns = new XmlNamespaceManager(nav.NameTable); ns.AddNamespace("z", "urn:p");
        foreach (string x in new[] { "count(//a)", "sum(//@n)", "string(//z:b)", "//a[@n > 1]/text()", "//a[last()]/@n", "name(//*[3])", "concat('a', 1 + 2, true())", "substring('hello', 2, 3)", "normalize-space('  a  b ')", "//a[position() mod 2 = 1]", "not(//c)", "translate('abc', 'ab', 'B')", "round(2.5) * -1", "string-length(/)", "//a/following-sibling::*", "id('x')", "//a[", "none()" })
            Console.WriteLine($"{x}: {Try(() => nav.Evaluate(x, ns) switch { XPathNodeIterator i => string.Join(",", i.Cast<XPathNavigator>().Select(n => n.Value)), var v => v })}");
        var xslt = new XslCompiledTransform();
        xslt.Load(XmlReader.Create(new StringReader("""
            <xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:u='urn:ext'>
              <xsl:output method='xml' indent='no' omit-xml-declaration='yes'/>
              <xsl:param name='given' select="'none'"/><xsl:variable name='total' select='sum(//@n)'/><xsl:key name='k' match='a' use='@n'/>
              <xsl:template match='/'><out total='{$total}' given='{$given}' ext='{u:Twice(4)}'><xsl:apply-templates select='//a'><xsl:sort select='@n' data-type='number' order='ascending'/></xsl:apply-templates><xsl:call-template name='loop'><xsl:with-param name='i' select='3'/></xsl:call-template><xsl:value-of select="key('k', '3')"/><xsl:value-of select="format-number(1234.5, '#,##0.00')"/></out></xsl:template>
              <xsl:template match='a'><xsl:choose><xsl:when test='@n = 1'><first/></xsl:when><xsl:otherwise><other n='{position()}'><xsl:copy-of select='@*'/></other></xsl:otherwise></xsl:choose></xsl:template>
              <xsl:template name='loop'><xsl:param name='i'/><xsl:if test='$i &gt; 0'><i><xsl:value-of select='$i'/></i><xsl:call-template name='loop'><xsl:with-param name='i' select='$i - 1'/></xsl:call-template></xsl:if></xsl:template>
            </xsl:stylesheet>
            """)));
        var arguments = new XsltArgumentList(); arguments.AddParam("given", "", 5); arguments.AddExtensionObject("urn:ext", new Extension());
        var result = new StringWriter();
        xslt.Transform(XmlReader.Create(new StringReader(Data)), arguments, result);
        Console.WriteLine(result);
        Console.WriteLine(Try(() => { new XslCompiledTransform().Load(XmlReader.Create(new StringReader("<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'><xsl:template match='['/></xsl:stylesheet>"))); return 1; }).Split('\n')[0]);
        var set = new XmlSchemaSet();
        set.Add("", XmlReader.Create(new StringReader("<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='l'><xs:complexType><xs:sequence><xs:element name='i' maxOccurs='2' type='small'/></xs:sequence><xs:attribute name='d' type='xs:date' default='2024-01-01'/></xs:complexType></xs:element><xs:simpleType name='small'><xs:restriction base='xs:int'><xs:maxInclusive value='5'/></xs:restriction></xs:simpleType></xs:schema>")));
        foreach (string x in new[] { "<l><i>1</i></l>", "<l><i>9</i></l>", "<l/>", "<l><i>1</i><i>2</i><i>3</i></l>", "<l d='x'><i>1</i></l>", "<l><j/></l>" })
        {
            XDocument d = XDocument.Parse(x);
            var found = new List<string>();
            d.Validate(set, (_, e) => found.Add(e.Message), true);
            Console.WriteLine($"{d.Root!.Attribute("d")?.Value} {string.Join("|", found)}");
        }
        XElement e = XElement.Parse(Data);
        e.Changed += (_, c) => Console.Write($"{c.ObjectChange} ");
        XNamespace p = "urn:p";
        e.Element("a")!.SetAttributeValue("n", null); e.Elements("a").Last().ReplaceWith(new XElement(p + "new", new XAttribute("k", 1.5), new XCData("d"), Enumerable.Range(0, 2).Select(i => new XElement("i", i)))); e.Element(p + "b")!.Remove();
        Console.WriteLine($"{e.ToString(SaveOptions.DisableFormatting)} {(double)e.Element(p + "new")!.Attribute("k")!} {e.DescendantNodes().Count()} {XNode.DeepEquals(e, new XElement(e))} {e.XPathSelectElement("//i[2]")!.Value} {string.Join(",", e.DescendantsAndSelf().Select(x => x.Name.LocalName))}");
        var dom = new XmlDocument { PreserveWhitespace = true };
        dom.LoadXml(Data);
        dom.NodeInserted += (_, a) => Console.Write("inserted ");
        dom.DocumentElement!.AppendChild(dom.CreateElement("z"))!.InnerXml = "<y>1</y>";
        Console.WriteLine($"{dom.SelectNodes("//y")!.Count} {dom.DocumentElement.LastChild!.OuterXml} {dom.GetElementsByTagName("a").Count} {Try(() => dom.AppendChild(dom.CreateElement("second")))} {XmlConvert.EncodeName("a b")} {XmlConvert.ToString(TimeSpan.FromMinutes(90))} {XmlConvert.ToDateTime("2024-01-02T03:04:05Z", XmlDateTimeSerializationMode.Utc):s} {XmlConvert.IsXmlChar('\u0001')}");
    }

    private sealed class Extension { public double Twice(double x) => x * 2; }
}
