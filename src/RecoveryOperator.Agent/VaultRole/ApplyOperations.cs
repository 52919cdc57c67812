using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.Operations;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;
using RecoveryOperator.Vault.Replica;

namespace RecoveryOperator.Agent.VaultRole;

/// <summary>The work of the vault role's operations.</summary>
internal sealed class ApplyOperations(ReplicaWork work, ApplySlots slots, TimeProvider time)
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);

    /// <summary>Applies what is committed now.</summary>
    public async Task<OperationResult> ApplyNowAsync(OperationContext context, CancellationToken cancellationToken)
    {
        while (true)
        {
            ApplyResult result = await ApplyAsync(context, cancellationToken);
            if (result.Applied is { } applied)
                return applied.Damage is null ? Result(applied.Epoch, applied.Sequence, applied.Sealed) : throw new FaultException(VaultFaults.Of(applied.Damage));

            await PauseAsync(context, "Another vault agent works on the replica", cancellationToken);
        }
    }

    /// <summary>
    /// Applies until the epoch's seal was met, here or by another agent. Waits for the seal when it is not there yet, and for the vault when it cannot be reached.
    /// </summary>
    public async Task<OperationResult> ApplyThroughSealAsync(long epoch, OperationContext context, CancellationToken cancellationToken)
    {
        while (true)
        {
            string waitsFor;
            try
            {
                ApplyResult result = await ApplyAsync(context, cancellationToken);
                AppliedDocument applied = result.Applied ?? await work.ReadAppliedAsync(cancellationToken);
                if (FindLost(applied, epoch) is { } lost)
                    throw new FaultException(VaultFaults.Of(lost));
                if (applied.SealedEpochs.FirstOrDefault(ended => ended.Epoch == epoch) is { } sealedEpoch)
                    return Result(epoch, sealedEpoch.LastSequence, isSealed: true);

                waitsFor = result.Applied is null ? "Another vault agent works on the replica" : $"Waiting for the seal of epoch {epoch}";
            }
            catch (VaultException fault) when (fault.Fault is VaultFault.Unavailable or VaultFault.Conflict or VaultFault.KeyMissing)
            {
                // ReplicaWork has logged it; the operation's step shows it.
                waitsFor = $"{fault.Message} {fault.Remedy}";
            }

            await PauseAsync(context, waitsFor, cancellationToken);
        }
    }

    private async Task<ApplyResult> ApplyAsync(OperationContext context, CancellationToken cancellationToken)
    {
        using IDisposable slot = await slots.TakeAsync(hurried: true, cancellationToken);
        return await work.ApplyNowAsync(new Reporter(context), cancellationToken);
    }

    /// <summary>Sets before the epoch's seal that were never applied, and that no resynchronization made up for.</summary>
    private static DamageRecord? FindLost(AppliedDocument applied, long epoch)
    {
        if (applied.Damage?.Epoch == epoch)
            return applied.Damage;

        long? last = applied.SealedEpochs.FirstOrDefault(ended => ended.Epoch == epoch)?.LastSequence;
        return applied.Skipped.FirstOrDefault(skipped => skipped.Epoch == epoch && skipped.FromSequence == last + 1) is { } lost
            ? new DamageRecord(epoch, lost.FromSequence, VaultNames.Set(epoch, lost.FromSequence), lost.Reason)
            : null;
    }

    private Task PauseAsync(OperationContext context, string waitsFor, CancellationToken cancellationToken)
    {
        context.Step(waitsFor);
        return Task.Delay(_pause, time, cancellationToken);
    }

    private static OperationResult Result(long epoch, long sequence, bool isSealed) =>
        new() { Applied = new AppliedInfo { Epoch = epoch, Sequence = sequence, Sealed = isSealed } };

    private sealed class Reporter(OperationContext context) : IProgress<ApplyProgress>
    {
        public void Report(ApplyProgress value)
        {
            context.Step($"{value.Stage} set {value.Sequence} of epoch {value.Epoch}");
            context.Progress(value.DoneBytes, value.TotalBytes);
        }
    }
}
