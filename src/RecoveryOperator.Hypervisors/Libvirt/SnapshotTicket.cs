using RecoveryOperator.Hypervisors.Libvirt.Guard;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>What identifies an open snapshot on the host.</summary>
internal sealed record SnapshotTicket(string Token, string MachineId, string Owner, string Socket, ScratchLease Scratch, SnapshotGuard? Guard)
{
    /// <summary>Ends its job; what this process cannot end is left to the guard.</summary>
    public async Task EndAsync(SnapshotJob job)
    {
        try
        {
            await job.EndAsync(MachineId, Owner, Socket, Scratch.Files, CancellationToken.None).ConfigureAwait(false);
            Guard?.Forget(Token);
        }
        catch
        {
            Guard?.End(Token);
            throw;
        }
    }
}
