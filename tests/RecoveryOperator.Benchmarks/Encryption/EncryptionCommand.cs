using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using RecoveryOperator.DataPath;
using RecoveryOperator.DataPath.Apply;
using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Encryption;
using RecoveryOperator.DataPath.Spool;

namespace RecoveryOperator.Benchmarks.Encryption;

/// <summary>What encryption costs: capture and apply with and without a data key, in turns, from and to memory, spooled durably. <c>encryption [MiB, default 512] [rounds, default 5]</c>.</summary>
internal static class EncryptionCommand
{
    /// <summary>The verb.</summary>
    public const string Name = "encryption";

    private const int Seed = 21;

    /// <summary>Measures and prints a table.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        int sizeBytes = Number(arguments, 0, 512) * 1024 * 1024;
        int rounds = Number(arguments, 1, 5);
        MemoryImage image = MemoryImage.Create(sizeBytes, Seed);
        MemoryImage replica = new(new byte[sizeBytes]);
        DataKey key = DataKey.Generate();
        Dictionary<string, List<(double Seconds, double CpuSeconds)>> all = [];
        string folder = Directory.CreateTempSubdirectory("recovery-encryption-").FullName;
        try
        {
            for (int round = 0; round < rounds; round++)
                foreach (DataKey? used in new[] { null, key })
                    await MeasureAsync(all, image, replica, used, key, Path.Combine(folder, $"{round}-{used is not null}"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        Console.WriteLine(Text($"{sizeBytes >> 20} MiB in memory, half of each block compressible (seed {Seed}), {Environment.ProcessorCount} processors, best of {rounds} rounds"));
        Console.WriteLine($"{"what",-22}{"seconds",9}{"MiB/s",9}{"CPU s",9}");
        foreach ((string what, var taken) in all)
            Console.WriteLine(Text($"{what,-22}{taken.Min(t => t.Seconds),9:F3}{(sizeBytes >> 20) / taken.Min(t => t.Seconds),9:F0}{taken.Min(t => t.CpuSeconds),9:F3}"));
        foreach (string what in new[] { "capture", "apply" })
            Console.WriteLine(Text($"{what}: encrypted takes {Best(what, true).Seconds / Best(what, false).Seconds:F2} x the time, {Best(what, true).Cpu / Best(what, false).Cpu:F2} x the CPU of the clear"));
        return replica.Content.AsSpan().SequenceEqual(image.Content) ? 0 : 1;

        (double Seconds, double Cpu) Best(string what, bool encrypted)
        {
            var taken = all[Label(what, encrypted)];
            return (taken.Min(t => t.Seconds), taken.Min(t => t.CpuSeconds));
        }
    }

    private static async Task MeasureAsync(
        Dictionary<string, List<(double Seconds, double CpuSeconds)>> all, MemoryImage image, MemoryImage replica, DataKey? used, DataKey key, string spool)
    {
        SegmentIdentity identity = new(ProtectionId.Compute("benchmark", "benchmark", "vm"), 1, 1, Guid.NewGuid(), 0, 0);
        CapturedDisk captured = null!;
        await TakeAsync(Label("capture", used is not null), async () => captured = await new DiskCapture(NullLogger<DiskCapture>.Instance).RunAsync(
            image, new[] { new Extent(0, image.SizeBytes) }.ToAsyncEnumerable(), new CaptureRequest(identity) { Key = used }, new FileSegmentSpool(spool), null, CancellationToken.None));
        await TakeAsync(Label("apply", used is not null), async () =>
        {
            byte[] buffer = new byte[ChangeLogConstants.MaxSegmentLengthBytes];
            SegmentApplier applier = new(keys: new DataKeyRing([key]));
            foreach (SpooledSegment segment in captured.Segments)
            {
                await using SpooledSegmentStream stream = SpooledSegmentStream.Open(segment);
                Memory<byte> content = buffer.AsMemory(0, (int)segment.LengthBytes);
                await stream.ReadExactlyAsync(content, CancellationToken.None);
                await applier.ApplyAsync(content, identity with { Segment = segment.Segment }, replica, CancellationToken.None);
            }
        });
        Directory.Delete(spool, recursive: true);

        async Task TakeAsync(string what, Func<Task> work)
        {
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            long started = Stopwatch.GetTimestamp();
            await work();
            if (!all.TryGetValue(what, out var taken))
                all[what] = taken = [];
            taken.Add((Stopwatch.GetElapsedTime(started).TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds));
        }
    }

    private static string Label(string what, bool encrypted) => encrypted ? $"{what}, encrypted" : $"{what}, clear";

    private static int Number(string[] arguments, int index, int otherwise) =>
        arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
