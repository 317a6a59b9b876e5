// DataSet and its tables: expressions, constraints, relations, views, merging, change tracking, XML forms, events.
using System.Data;
using System.Data.Common;

internal static class Program
{
    private static string Try(Func<object?> f) { try { return f()?.ToString() ?? "null"; } catch (Exception e) { return $"{e.GetType().Name}: {e.Message}"; } }

    private static void Main()
    {
        var ds = new DataSet("shop") { EnforceConstraints = true };
        DataTable people = ds.Tables.Add("people"), orders = ds.Tables.Add("orders");
        people.Columns.AddRange([new DataColumn("id", typeof(int)) { AutoIncrement = true, AutoIncrementSeed = 10, AutoIncrementStep = 5 }, new("name", typeof(string)) { MaxLength = 10, AllowDBNull = false }, new("score", typeof(double)), new("label", typeof(string), "name + ':' + ISNULL(score, -1)")]);
        people.PrimaryKey = [people.Columns["id"]!];
        orders.Columns.AddRange([new("no", typeof(int)) { Unique = true }, new("person", typeof(int)), new("amount", typeof(decimal))]);
        ds.Relations.Add("po", people.Columns["id"]!, orders.Columns["person"]!);
        orders.Columns.Add("owner", typeof(string), "Parent(po).name");
        people.Columns.Add("total", typeof(decimal), "SUM(Child(po).amount)");
        people.Columns.Add("count", typeof(int), "COUNT(Child(po).no)");
        people.RowChanged += (_, e) => Console.Write($"{e.Action} ");
        foreach (string n in new[] { "ann", "bob", "cy" }) people.Rows.Add(null, n, n.Length == 2 ? DBNull.Value : n.Length * 1.5);
        for (int i = 0; i < 6; i++) orders.Rows.Add(i, 10 + i % 2 * 5, i * 1.5m);
        Console.WriteLine();
        foreach (DataRow r in people.Rows) Console.WriteLine(string.Join("|", r.ItemArray) + " " + r.RowState + " " + r.GetChildRows("po").Length);
        ds.AcceptChanges();
        Console.WriteLine(string.Join(",", orders.Select("amount > 2 AND owner LIKE 'b%'", "amount DESC").Select(r => r["no"])) + " " + orders.Compute("AVG(amount)", "person = 10") + " " + people.Select("name IN ('ann','cy') OR LEN(name) = 3").Length + " " + Try(() => people.Select("nope = 1").Length) + " " + Try(() => people.Select("id = ").Length) + " " + people.Compute("MAX(name)", "").ToString() + orders.Select("CONVERT(amount, 'System.Int32') % 2 = 0").Length + orders.Select("IIF(no > 3, true, false)").Length + orders.Select("SUBSTRING(owner, 1, 1) = 'a'").Length);
        foreach (Func<object?> f in new Func<object?>[] { () => people.Rows.Add(10, "dup"), () => people.Rows.Add(null, null), () => people.Rows.Add(null, "much too long a name"), () => orders.Rows.Add(99, 999, 1m), () => orders.Rows.Add(1, 10, 1m), () => people.Rows[0]["score"] = "text", () => { people.Rows[0]["label"] = "x"; return 1; }, () => people.Rows.Find("x"), () => people.Rows[0]["none"] })
            Console.WriteLine(Try(f));
        people.Rows[0].BeginEdit(); people.Rows[0]["name"] = "zed"; Console.WriteLine($"{people.Rows[0]["name", DataRowVersion.Proposed]} {people.Rows[0]["name", DataRowVersion.Current]}"); people.Rows[0].EndEdit();
        people.Rows[1].Delete(); people.Rows.Add(null, "new");
        DataSet changes = ds.GetChanges()!;
        Console.WriteLine($"{changes.Tables["people"]!.Rows.Count} {string.Join(",", people.Rows.Cast<DataRow>().Select(r => r.RowState))} {orders.Rows.Cast<DataRow>().Count(r => r.RowState == DataRowState.Deleted)} {people.Rows[0]["name", DataRowVersion.Original]} {ds.HasChanges(DataRowState.Deleted)}");
        ds.RejectChanges();
        var view = new DataView(people, "score > 1", "name DESC", DataViewRowState.CurrentRows) { AllowNew = true };
        view.ListChanged += (_, e) => Console.Write($"{e.ListChangedType} ");
        view.AddNew()["name"] = "view";
        Console.WriteLine($"{view.Count} {view[0]["name"]} {view.Find("ann")} {view.ToTable(true, "name").Columns.Count}");
        var xml = new StringWriter();
        ds.WriteXml(xml, XmlWriteMode.WriteSchema);
        var copy = new DataSet();
        copy.ReadXml(new StringReader(xml.ToString()));
        Console.WriteLine($"{copy.Tables.Count} {copy.Relations.Count} {copy.Tables["people"]!.Columns["label"]!.Expression} {copy.Tables["orders"]!.Rows.Count} {copy.Tables["people"]!.PrimaryKey.Length} {ds.GetXmlSchema().Length == copy.GetXmlSchema().Length}");
        var diff = new StringWriter();
        people.Rows[0]["name"] = "mod"; ds.WriteXml(diff, XmlWriteMode.DiffGram);
        Console.WriteLine(diff.ToString().Contains("diffgr:before"));
        var other = new DataTable("people") { Columns = { { "id", typeof(int) }, { "name", typeof(string) }, { "score", typeof(double) } } };
        other.PrimaryKey = [other.Columns[0]];
        other.Rows.Add(10, "merged", 7.5); other.Rows.Add(500, "added");
        people.Merge(other, false, MissingSchemaAction.Ignore);
        Console.WriteLine($"{people.Rows.Find(10)!["name"]} {people.Rows.Contains(500)} {Try(() => people.Clone())} {orders.Rows.Count}");
        using (DataTableReader r = people.CreateDataReader()) { int rows = 0; while (r.Read()) rows++; Console.WriteLine($"{rows} {r.FieldCount} {r.GetName(1)} {r.GetSchemaTable().Rows.Count}"); }
        Console.WriteLine(string.Join(",", people.AsEnumerable().Where(r => r.Field<double?>("score") > 1).Select(r => r.Field<string>("name")).Order()) + " " + Try(() => people.AsEnumerable().OrderBy(r => r.Field<int>("id")).CopyToDataTable().Rows.Count));
        var inferred = new DataSet();
        inferred.ReadXml(new StringReader("<root><item a='1'><sub>x</sub></item><item a='2'><sub>y</sub><sub>z</sub></item></root>"), XmlReadMode.InferSchema);
        Console.WriteLine(string.Join(",", inferred.Tables.Cast<DataTable>().Select(t => $"{t.TableName}:{t.Rows.Count}:{t.Columns.Count}")));
        Console.WriteLine(new DbConnectionStringBuilder { ConnectionString = "a=1;B=\"x;y\"" }["b"] + " " + Try(() => DbProviderFactories.GetFactory("none")) + " " + new System.Data.SqlTypes.SqlInt32(5) * System.Data.SqlTypes.SqlInt32.Null + " " + System.Data.SqlTypes.SqlDecimal.Parse("1.50"));
    }
}
