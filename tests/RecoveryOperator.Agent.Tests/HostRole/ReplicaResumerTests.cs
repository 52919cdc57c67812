using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.HostRole;

public sealed class ReplicaResumerTests
{
    [Fact]
    public async Task It_goes_on_looking_after_recovered_machines_also_after_an_error()
    {
        FakeTimeProvider time = new();
        StoppingTarget target = new();
        using ReplicaResumer resumer = new(target, time, NullLogger<ReplicaResumer>.Instance);
        await resumer.StartAsync(TestContext.Current.CancellationToken);

        await Eventually.HoldsAsync(
            () =>
            {
                time.Advance(ResumePace.Interval);
                return target.Looks >= 3;
            },
            TestContext.Current.CancellationToken);
        await resumer.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void One_that_stops_again_at_once_is_let_go_on_soon_but_not_every_second_for_ever()
    {
        ResumePace pace = new();
        bool[] resumed = [false, true, true, true, true, true, false, true];

        Assert.Equal([10, 1, 1, 1, 10, 1, 10, 1], resumed.Select(one => pace.After(one).TotalSeconds));
    }

    private sealed class StoppingTarget : IRecoveryTarget
    {
        public int Looks { get; private set; }

        public Task<IReadOnlyList<string>> ResumeStoppedReplicasAsync(CancellationToken cancellationToken) =>
            ++Looks == 1 ? throw new HypervisorException(HypervisorFault.Transient, "libvirtd is away", "wait") : Task.FromResult<IReadOnlyList<string>>(["web-1"]);

        public Task<IReadOnlyList<PrerequisiteFailure>> CheckReplicaAsync(ReplicaRequest request, CancellationToken cancellationToken) => throw Unexpected();

        public Task<VirtualMachine> CreateReplicaAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken) => throw Unexpected();

        public Task StartAsync(string machineId, CancellationToken cancellationToken) => throw Unexpected();

        public Task<bool> ShutDownAsync(string machineId, TimeSpan timeout, CancellationToken cancellationToken) => throw Unexpected();

        public Task DestroyAsync(string machineId, CancellationToken cancellationToken) => throw Unexpected();

        public Task DeleteReplicaMadeForAsync(string owner, string operationId, string name, CancellationToken cancellationToken) => throw Unexpected();

        public Task<bool?> DoesGuestAnswerAsync(string machineId, CancellationToken cancellationToken) => throw Unexpected();

        public Task DeleteReplicaAsync(string machineId, CancellationToken cancellationToken) => throw Unexpected();

        public Task SetAutostartAsync(string machineId, bool autostart, CancellationToken cancellationToken) => throw Unexpected();

        private static InvalidOperationException Unexpected() => new("It must only resume.");
    }
}
