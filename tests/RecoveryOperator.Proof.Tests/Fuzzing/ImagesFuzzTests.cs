using System.IO.Hashing;
using System.Text.Json;
using RecoveryOperator.Hypervisors.Images.Guest;
using RecoveryOperator.Hypervisors.Images.Machines;
using RecoveryOperator.Hypervisors.Native;
using RecoveryOperator.Hypervisors.Images.Tracking;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>What the Images driver finds on its host's disk, and what a guest wrote.</summary>
public sealed class ImagesFuzzTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fuzz-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task A_checksum_table()
    {
        byte[][] tables = [Table(3), Table(0), Table(200)];
        FuzzTarget target = new("checksum table", Make, Open, error => error is InvalidDataException or IOException && error.Message.Contains(_folder, StringComparison.Ordinal))
        {
            AllowedBytes = 2 << 20,
        };
        return new Fuzzer(target, tables, output).RunAsync(3_000, 0.03);

        byte[] Make(Random random)
        {
            byte[] bytes = new Mutator(random, tables).Next();
            if (random.Next(2) == 0 && bytes.Length >= 16)
                XxHash128.Hash(bytes.AsSpan(0, bytes.Length - 16), bytes.AsSpan(bytes.Length - 16));
            return bytes;
        }
    }

    [Fact]
    public Task A_checkpoints_record()
    {
        byte[] valid = new StoredCheckpoint("1-0-x", "machine", 3, new Dictionary<string, int> { ["vda"] = 0, ["vdb"] = 1 }).ToUtf8();
        return FuzzJsonAsync("checkpoint.json", valid, bytes =>
        {
            File.WriteAllBytes(Path.Combine(_folder, StoredCheckpoint.FileName), bytes);
            return StoredCheckpoint.Load(_folder);
        });
    }

    [Fact]
    public Task A_machines_definition()
    {
        byte[] valid = new MachineFile("id", "web", 1, 1 << 28, [new MachineFileDisk("vda", "disk-0.raw")], [new MachineFileNic("52:54:00:00:00:01", "default")]).ToUtf8();
        return FuzzJsonAsync("machine.json", valid, bytes => MachineFile.Parse(bytes));
    }

    [Fact]
    public Task A_guests_heartbeat()
    {
        byte[] sector = new byte[HeartbeatRecord.LengthBytes];
        HeartbeatRecord.Write(12, 1_700_000_000, sector);
        FuzzTarget target = new(
            "heartbeat",
            random =>
            {
                byte[] bytes = new Mutator(random, [sector]).Next();
                Array.Resize(ref bytes, HeartbeatRecord.LengthBytes);
                return bytes;
            },
            bytes => Assert.Equal(bytes.AsSpan().SequenceEqual(sector), HeartbeatRecord.IsValid(12, bytes)),
            _ => false);
        return new Fuzzer(target, [sector], output).RunAsync(4_000, 0.02);
    }

    private Task FuzzJsonAsync(string name, byte[] valid, Func<byte[], object> read)
    {
        FuzzTarget target = new(
            name,
            random => new JsonMutator(random, [valid]).Next(),
            bytes =>
            {
                if (NullFinder.Find(read(bytes)) is { } hole)
                    Assert.Fail($"{hole} is null although it never is");
            },
            error => error is JsonException);
        return new Fuzzer(target, [valid], output).RunAsync(3_000, 0.02);
    }

    private void Open(byte[] bytes)
    {
        string path = Path.Combine(_folder, "disk-0.sums");
        File.WriteAllBytes(path, bytes);
        using ChecksumTable table = ChecksumTable.Open(path);
        Assert.True(table.Header.Image.SizeBytes >= 0, $"a disk of {table.Header.Image.SizeBytes} bytes");
        Assert.True(table.BlockCount * BlockSums.SumBytes <= bytes.Length, $"{table.BlockCount} blocks in {bytes.Length} bytes");
        byte[] sums = new byte[4 * BlockSums.SumBytes];
        table.Read(Math.Max(0, table.BlockCount - 2), sums);
    }

    private byte[] Table(int blocks)
    {
        string path = Path.Combine(_folder, $"valid-{blocks}");
        ChecksumTableHeader header = new(new ImageIdentity((long)blocks * BlockSums.BlockBytes, 1, 2, 3), 4);
        using (ChecksumTableWriter writer = new(path, header))
        {
            byte[] sums = new byte[blocks * BlockSums.SumBytes];
            new Random(blocks).NextBytes(sums);
            writer.Append(sums);
            writer.Complete();
        }

        return File.ReadAllBytes(path);
    }
}
