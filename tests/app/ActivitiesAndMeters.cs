// Activity with sources, listeners, ids and baggage; meters with every instrument; DiagnosticSource; EventSource payloads and counters; Stopwatch.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;

[EventSource(Name = "Stator-Payloads")]
internal sealed class Payloads : EventSource
{
    public static readonly Payloads Log = new();
    public static class Tasks { public const EventTask Work = (EventTask)1; }
    public static class Keywords { public const EventKeywords A = (EventKeywords)1, B = (EventKeywords)2; }
    [Event(1, Keywords = Keywords.A, Level = EventLevel.Warning, Message = "all {0}")] public unsafe void All(bool a, byte b, char c, short d, int e, uint f, long g, ulong h, float i, double j, string k) => WriteEvent(1, a, b, c, d, e, f, g, h, i, j, k);
    [Event(2, Task = Tasks.Work, Opcode = EventOpcode.Start)] public void WorkStart(string n) => WriteEvent(2, n);
    [Event(3, Task = Tasks.Work, Opcode = EventOpcode.Stop)] public void WorkStop() => WriteEvent(3);
    [Event(4, Keywords = Keywords.B, Level = EventLevel.Verbose)] public void Loud(DayOfWeek d, DateTime t, byte[] bytes) => WriteEvent(4, d, t, bytes);
    [Event(5)] public void Related(Guid to, int x) => WriteEventWithRelatedActivityId(5, to, x);
}

internal sealed class Hears : EventListener
{
    protected override void OnEventWritten(EventWrittenEventArgs e) =>
        Console.WriteLine($"  {e.EventName} {e.EventId} {e.Level} {e.Keywords:x} {e.Task} {e.Opcode} {e.Message} {string.Join("|", e.PayloadNames ?? new([]))} {string.Join("|", (e.Payload ?? new([])).Select(p => p is byte[] b ? Convert.ToHexString(b) : p is DateTime d ? d.ToString("s") : p is IDictionary<string, object> o ? string.Join(";", o.Select(x => x.Key + "=" + x.Value)) : p))} {e.RelatedActivityId != Guid.Empty} {e.ActivityId != Guid.Empty}");
}

internal static class Program
{
    private static void Events()
    {
        using var hears = new Hears();
        hears.EnableEvents(Payloads.Log, EventLevel.Warning, Payloads.Keywords.A);
        Payloads.Log.All(true, 1, 'c', -2, 3, 4, -5, 6, 1.5f, 2.5, "text");
        Payloads.Log.Loud(DayOfWeek.Friday, default, [1]);
        hears.EnableEvents(Payloads.Log, EventLevel.LogAlways, EventKeywords.All);
        Payloads.Log.Loud(DayOfWeek.Friday, new DateTime(2024, 1, 2, 3, 4, 5), [1, 2]);
        Payloads.Log.WorkStart("w");
        Payloads.Log.WorkStop();
        Payloads.Log.Related(Guid.NewGuid(), 4);
        Payloads.Log.Write("Dynamic", new { A = 1, B = "two", C = new { D = 3.5 } });
        Payloads.Log.Write("Plain");
        Console.WriteLine($"{Payloads.Log.IsEnabled()} {Payloads.Log.IsEnabled(EventLevel.Verbose, Payloads.Keywords.B)} {Payloads.Log.Name} {EventSource.GetName(typeof(Payloads))} {EventSource.GenerateManifest(typeof(Payloads), "x")!.Length > 500} {Payloads.Log.ConstructionException is null}");
        hears.DisableEvents(Payloads.Log);
        Console.WriteLine(Payloads.Log.IsEnabled());
    }

    private static void Activities()
    {
        using var source = new ActivitySource("stator.source", "1.0");
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name == "stator.source",
            Sample = (ref ActivityCreationOptions<ActivityContext> o) => o.Name == "dropped" ? ActivitySamplingResult.None : ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = a => Console.WriteLine($"  started {a.OperationName} {a.Parent?.OperationName ?? "root"}"),
            ActivityStopped = a => Console.WriteLine($"  stopped {a.OperationName} {a.Status} {string.Join(",", a.TagObjects)} {string.Join(",", a.Events.Select(e => e.Name))} {a.Links.Count()}"),
        };
        ActivitySource.AddActivityListener(listener);
        using (Activity? outer = source.StartActivity("outer", ActivityKind.Server))
        {
            outer!.AddBaggage("b", "1").SetTag("k", 5).AddEvent(new ActivityEvent("happened"));
            using (Activity? inner = source.StartActivity("inner", ActivityKind.Internal, default(ActivityContext), [new("t", true)], [new ActivityLink(outer.Context)]))
            {
                inner!.SetStatus(ActivityStatusCode.Error, "no").AddException(new FormatException("x"));
                Console.WriteLine($"{inner.TraceId == outer.TraceId} {inner.ParentSpanId == outer.SpanId} {inner.GetBaggageItem("b")} {inner.Id!.Length} {inner.Recorded} {Activity.Current == inner} {inner.IdFormat}");
            }
            Console.WriteLine($"{Activity.Current == outer} {source.StartActivity("dropped") is null} {source.HasListeners()}");
        }
        Console.WriteLine(Activity.Current is null);
        ActivityContext parsed = ActivityContext.Parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "state=1");
        Console.WriteLine($"{parsed.TraceId} {parsed.SpanId} {parsed.TraceFlags} {parsed.TraceState} {ActivityContext.TryParse("bad", null, out _)}");
        var hierarchical = new Activity("h").SetIdFormat(ActivityIdFormat.Hierarchical).Start();
        Console.WriteLine($"{hierarchical.Id![0]} {hierarchical.Duration} {new Activity("child").Start().RootId == hierarchical.RootId}");
        Activity.Current = null;
    }

    private static void Meters()
    {
        using var meter = new Meter(new MeterOptions("stator.meter") { Version = "2", Tags = [new("m", 1)] });
        Counter<int> counter = meter.CreateCounter<int>("count", "items", "a count");
        UpDownCounter<long> updown = meter.CreateUpDownCounter<long>("updown");
        Histogram<double> histogram = meter.CreateHistogram<double>("histogram", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5] });
        Gauge<float> gauge = meter.CreateGauge<float>("gauge");
        meter.CreateObservableCounter("observed", () => new Measurement<short>(7, new KeyValuePair<string, object?>("o", "p")));
        meter.CreateObservableGauge("gauges", () => new[] { new Measurement<double>(1.5), new Measurement<double>(2.5) });
        using var listener = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == "stator.meter") { Console.WriteLine($"  {i.GetType().Name} {i.Name} {i.Unit} {i.Description} {i.IsObservable}"); l.EnableMeasurementEvents(i, i.Name); } }, MeasurementsCompleted = (i, s) => Console.WriteLine($"  completed {s}") };
        listener.SetMeasurementEventCallback<int>((i, v, tags, s) => Console.WriteLine($"  {i.Name} {v} {tags.Length} {s}"));
        listener.SetMeasurementEventCallback<long>((i, v, tags, s) => Console.WriteLine($"  {i.Name} {v}"));
        listener.SetMeasurementEventCallback<double>((i, v, tags, s) => Console.WriteLine($"  {i.Name} {v}"));
        listener.SetMeasurementEventCallback<float>((i, v, tags, s) => Console.WriteLine($"  {i.Name} {v}"));
        listener.SetMeasurementEventCallback<short>((i, v, tags, s) => Console.WriteLine($"  {i.Name} {v} {tags[0]}"));
        listener.Start();
        counter.Add(5, new KeyValuePair<string, object?>("a", 1), new("b", "x"));
        counter.Add(1, new TagList { { "z", 1 }, { "y", 2 }, { "x", 3 }, { "w", 4 } });
        updown.Add(-3); histogram.Record(2.5); gauge.Record(9);
        listener.RecordObservableInstruments();
        Console.WriteLine($"{counter.Enabled} {histogram.Advice!.HistogramBucketBoundaries!.Count} {meter.Tags!.First()}");
        listener.DisableMeasurementEvents(counter);
        Console.WriteLine(counter.Enabled);
    }

    private static void Rest()
    {
        using var diagnostics = new DiagnosticListener("stator.diagnostics");
        var observer = new Observer();
        using (diagnostics.Subscribe(observer, (name, a, b) => name != "no")) { Console.WriteLine($"{diagnostics.IsEnabled("yes")} {diagnostics.IsEnabled("no")}"); diagnostics.Write("yes", new { V = 1 }); }
        Console.WriteLine(diagnostics.IsEnabled());
        long start = Stopwatch.GetTimestamp();
        Thread.Sleep(2);
        Console.WriteLine($"{Stopwatch.IsHighResolution} {Stopwatch.Frequency} {Stopwatch.GetElapsedTime(start) > TimeSpan.FromMilliseconds(1)} {new Stopwatch().Elapsed} {Stopwatch.StartNew().IsRunning}");
        var text = new StringWriter();
        Trace.Listeners.Clear();
        Trace.Listeners.Add(new TextWriterTraceListener(text) { TraceOutputOptions = TraceOptions.None });
        Trace.TraceWarning("warned {0}", 1);
        var ts = new TraceSource("named", SourceLevels.Error) { Listeners = { new TextWriterTraceListener(text) } };
        ts.TraceEvent(TraceEventType.Error, 5, "erred"); ts.TraceInformation("quiet");
        Trace.Flush();
        foreach (string line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)) Console.WriteLine(line.Contains("erred") || line.Contains("warned") ? line[line.IndexOf(' ')..] : line);
        Console.WriteLine($"{new Switch1().Enabled} {Process.GetCurrentProcess().Id == Environment.ProcessId} {Process.GetCurrentProcess().MainModule!.FileName.Length > 0} {FileVersionInfo.GetVersionInfo(typeof(object).Assembly.Location).FileMajorPart > 0}");
    }

    private sealed class Switch1() : BooleanSwitch("s", "d", "true");
    private sealed class Observer : IObserver<KeyValuePair<string, object?>>
    {
        public void OnCompleted() => Console.WriteLine("completed");
        public void OnError(Exception e) { }
        public void OnNext(KeyValuePair<string, object?> v) => Console.WriteLine($"  {v.Key} {v.Value}");
    }

    private static void Main()
    {
        Events();
        Activities();
        Meters();
        Rest();
    }
}
