using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Tests.Fakes;
using RecoveryOperator.Protocol;
using RecoveryOperator.Testing;

namespace RecoveryOperator.Agent.Tests.Engine;

/// <summary>A machine has one protection, and changes of one protection hold up no other.</summary>
public sealed class MachineClaimTests : EngineScene
{
    public override ValueTask InitializeAsync()
    {
        BeginEngine();
        return default;
    }

    [Fact]
    public async Task A_machine_has_one_protection()
    {
        await Engine.PutAsync(Bench.Desired, Token);
        DesiredProtection second = Bench.Desired.Clone();
        second.ProtectionId = new string('f', 32);

        FaultException fault = await Assert.ThrowsAsync<FaultException>(() => Engine.PutAsync(second, Token));

        Assert.Equal(FaultReasons.MachineClaimed, fault.Fault.Reason);
        Assert.Single(Engine.List());
    }

    [Fact]
    public async Task A_protection_that_stops_slowly_holds_up_no_other()
    {
        using ManualResetEventSlim goesOn = new();
        bool entered = false;
        Bench.Points.OnHit = (_, name) =>
        {
            if (name != "before BeginSnapshot")
                return;
            entered = true;
            goesOn.Wait(TimeSpan.FromMinutes(2), CancellationToken.None);
        };
        await Engine.PutAsync(Bench.Desired, Token);
        await Eventually.HoldsAsync(() => entered, Token);
        Task removal = Engine.RemoveAsync(EngineBench.ProtectionId, 1, Token);
        DesiredProtection second = Bench.Desired.Clone();
        (second.ProtectionId, second.Machine) = (new string('f', 32), "web-2");

        Task<ProtectionStatus> put = Engine.PutAsync(second, Token);
        await Task.WhenAny(put, Task.Delay(TimeSpan.FromMinutes(1), Token));
        bool waited = !put.IsCompleted;
        bool removed = removal.IsCompleted;
        goesOn.Set();
        await Task.WhenAll(put, removal);

        Assert.False(waited);
        Assert.False(removed);
        Assert.Equal(second.ProtectionId, Status.ProtectionId);
    }

    [Fact]
    public async Task Of_protections_of_one_machine_that_are_put_at_once_one_is_taken()
    {
        Task[] puts = [.. Enumerable.Range(0, 8).Select(index => Task.Run(
            () =>
            {
                DesiredProtection desired = Bench.Desired.Clone();
                desired.ProtectionId = new string((char)('0' + index), 32);
                return Engine.PutAsync(desired, Token);
            },
            Token))];
        await Task.WhenAll(puts).ContinueWith(_ => { }, Token, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(1, puts.Count(put => put.IsCompletedSuccessfully));
        Assert.All(
            puts.Where(put => put.IsFaulted),
            put => Assert.Equal(FaultReasons.MachineClaimed, Assert.IsType<FaultException>(put.Exception!.InnerException).Fault.Reason));
        Assert.Single(Engine.List());
        Assert.Single(Bench.Context.Store.LoadAll());
    }
}
