using System.Text;
using System.Text.Json;
using RecoveryOperator.Hypervisors.Libvirt.Guard;
using RecoveryOperator.Hypervisors.Libvirt.Quiesce;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>What agent and guard tell each other over pipes, and leave beside the sockets: a crash may cut any of it off.</summary>
public sealed class GuardFuzzTests(ITestOutputHelper output) : IDisposable
{
    private const string Machine = "11111111-2222-3333-4444-555555555555";
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("fuzz-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task A_mark_of_a_frozen_guest_is_never_overlooked()
    {
        string path = Path.Combine(_folder, "ro-x-y.frozen");
        return FuzzAsync("freeze mark", [JsonSerializer.Serialize(new FreezeMark(Machine, Now))], text =>
        {
            File.WriteAllBytes(path, text);
            FreezeMark? mark = FreezeMark.Read(path, Machine);
            Assert.NotNull(mark);
            Assert.Equal(Machine, mark.MachineId);
            _ = mark.Until - Now;
        });
    }

    [Fact]
    public Task An_order() => FuzzAsync(
        "guard order",
        [
            new GuardOrder(GuardOrderKind.Hello, Settings: new GuardSettings("qemu:///system", "/scratch", "/run", TimeSpan.FromSeconds(20), 12)).Write(),
            new GuardOrder(GuardOrderKind.Watch, Snapshot: new GuardedSnapshot("t", Machine, "p", "/run/s.sock", ["/scratch/a", "/scratch/b"], 1 << 30, 1 << 20)).Write(),
            new GuardOrder(GuardOrderKind.Forget, "t").Write(),
            new GuardOrder(GuardOrderKind.Beat).Write(),
        ],
        text => CheckWhole(GuardOrder.Read(Encoding.UTF8.GetString(text))));

    [Fact]
    public Task A_report() => FuzzAsync(
        "guard report", [new GuardReport("t", true).Write(), new GuardReport("t", false, "its scratch space was nearly used up").Write()],
        text => CheckWhole(GuardReport.Read(Encoding.UTF8.GetString(text))));

    [Fact]
    public Task A_note_that_a_guard_left()
    {
        string path = GuardNote.Path(_folder, "owner", Machine);
        return FuzzAsync("guard note", [new GuardNote(Now, "the agent is gone", true).Write()], text =>
        {
            File.WriteAllBytes(path, text);
            CheckWhole(GuardNote.Read(path));
        });
    }

    private static void CheckWhole(object? read)
    {
        if (read is not null && NullFinder.Find(read) is { } hole)
            Assert.Fail($"{hole} is null although it never is");
    }

    private Task FuzzAsync(string name, string[] valid, Action<byte[]> read)
    {
        byte[][] corpus = [.. valid.Select(Encoding.UTF8.GetBytes)];
        return new Fuzzer(new FuzzTarget(name, random => new JsonMutator(random, corpus).Next(), read, error => error is JsonException), corpus, output).RunAsync(3_000, 0.02);
    }
}
