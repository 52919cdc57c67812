using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>An epoch that ended, or was raised, is never taken back by a command of a former one.</summary>
public sealed class EpochTests : EngineScene
{
    [Fact]
    public async Task A_lower_epoch_is_refused()
    {
        await PutAsync(desired => desired.Epoch = 2);

        FaultException put = await Assert.ThrowsAsync<FaultException>(() => Engine.PutAsync(Bench.Desired, Token));
        FaultException remove = await Assert.ThrowsAsync<FaultException>(() => Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token));

        Assert.Equal(FaultReasons.StaleEpoch, put.Fault.Reason);
        Assert.Equal(FaultReasons.StaleEpoch, remove.Fault.Reason);
    }

    [Fact]
    public async Task A_source_that_is_told_that_its_epoch_ended_says_so_and_never_ships_again()
    {
        FenceProtectionRequest fence = new() { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 2, OperationId = "failover-1" };

        await Engine.FenceAsync(fence, Token);
        await Engine.FenceAsync(fence, Token);

        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
        Assert.Equal((FaultCategory.Fenced, FaultReasons.Sealed), (Status.Fault.Category, Status.Fault.Reason));
        Assert.Contains("failover-1", Status.Fault.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FaultException>(() => CutNowAsync());
    }

    [Fact]
    public async Task The_end_of_an_earlier_epoch_or_of_another_protection_ends_nothing()
    {
        await PutAsync(desired => desired.Epoch = 2);

        FaultException stale = await Assert.ThrowsAsync<FaultException>(
            () => Engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1 }, Token));
        await Engine.FenceAsync(new FenceProtectionRequest { ProtectionId = new string('f', 32), Epoch = 9 }, Token);

        Assert.Equal(FaultReasons.StaleEpoch, stale.Fault.Reason);
        Assert.NotEqual(ProtectionPhase.Fenced, Status.Phase);
    }

    [Fact]
    public async Task A_write_that_fails_while_the_engine_stops_does_not_fail_the_stop()
    {
        TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ManualResetEventSlim stopping = new();
        Bench.Points.OnHit = (_, name) =>
        {
            if (name != "before EndCut" || stopping.IsSet)
                return;
            reached.TrySetResult();
            stopping.Wait(Token);
            throw new InjectedFaultException(name);
        };
        await PassTimeUntilAsync(() => reached.Task.IsCompleted);

        Task stop = Engine.StopAsync(Token);
        stopping.Set();
        await stop;

        // Whoever stops a protection to begin it again can do so.
        await Engine.FenceAsync(new FenceProtectionRequest { ProtectionId = EngineBench.ProtectionId, Epoch = 1, Sequence = 3, OperationId = "failover-1" }, Token);
        Assert.Equal(ProtectionPhase.Fenced, Status.Phase);
    }
}
