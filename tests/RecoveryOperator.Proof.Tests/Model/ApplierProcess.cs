using Microsoft.Extensions.Logging;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Control;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Proof.Tests.Model;

/// <summary>A vault agent: the real applier with leases of its own.</summary>
internal sealed class ApplierProcess : IDisposable
{
    private readonly World _world;
    private readonly LeaseHolder _holder;
    private readonly ReplicaApplier _applier;

    /// <param name="world">The world.</param>
    /// <param name="stateFolder">Folder that remembers leases; null: a process elsewhere, whose leases must run out when it dies.</param>
    public ApplierProcess(World world, string? stateFolder)
    {
        _world = world;
        _holder = stateFolder is null ? LeaseHolder.CreateEphemeral() : LeaseHolder.Open(stateFolder);
        Network = new FaultyNetwork(world.Service, null, world.Late);
        VaultAccount account = world.Connect(new HttpClient(Network));
        ReplicaApplierOptions options = new() { LeaseDuration = World.LeaseDuration, PruneInterval = TimeSpan.Zero, WritesInFlight = 3, ComputeBytesPerSecond = long.MaxValue };
        _applier = new ReplicaApplier(account, account.Open(world.Id), _holder, options, World.Loggers.CreateLogger<ReplicaApplier>());
    }

    public FaultyNetwork Network { get; }

    /// <summary>Applies what is there, and answers a host that waits for checksums.</summary>
    /// <returns>What came of it; null when it was killed or the storage refused.</returns>
    public async Task<ApplyResult?> RunAsync()
    {
        try
        {
            ApplyResult result = await _applier.ApplyAsync(int.MaxValue, null, World.Token);
            if (result.Outcome is ApplyOutcome.UpToDate or ApplyOutcome.Damaged && await _applier.FindRequestAsync(World.Token) is not null)
                await _applier.AnswerAsync(null, World.Token);
            return result;
        }
        catch (Exception fault) when (IsExpected(fault))
        {
            _world.Note($"apply: {fault.GetType().Name}: {fault.Message}");
            return null;
        }
    }

    public void Dispose() => _holder.Dispose();

    private static bool IsExpected(Exception fault) => fault switch
    {
        KilledException => true,
        VaultException { Fault: VaultFault.Unavailable or VaultFault.Conflict } => true,
        AggregateException many => many.InnerExceptions.All(IsExpected),
        _ => false,
    };
}
