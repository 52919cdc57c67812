using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;

namespace RecoveryOperator.Agent.Engine;

/// <summary>Commands that an agent refuses, whoever sends them.</summary>
internal static class CommandRules
{
    /// <summary>A machine has one protection.</summary>
    public static void RefuseClaimed(IEnumerable<ProtectionRunner> runners, DesiredProtection desired, VirtualMachine machine)
    {
        ProtectionRunner? holder = runners.FirstOrDefault(runner => runner.Context.Progress.MachineId == machine.Id);
        if (holder is not null)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.MachineClaimed,
                $"vm {desired.Machine}",
                $"The machine '{machine.Name}' ({machine.Id}) is protected by '{holder.Context.DisplayName}' already.",
                "A machine has one protection: delete one of the two.");
        }
    }

    /// <summary>Whoever raised the epoch is right.</summary>
    public static void RefuseStale(DesiredProtection known, long epoch)
    {
        if (epoch < known.Epoch)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.StaleEpoch,
                $"protection {known.DisplayName}",
                $"The command is of epoch {epoch}, epoch {known.Epoch} is in force.",
                "Read the journal again: somebody else has raised the epoch.");
        }
    }

    /// <summary>Encryption is never switched off, least of all by an operator that is too old to know of it.</summary>
    public static void RefuseWithoutKey(DesiredProtection known, DesiredProtection desired)
    {
        if (known.PayloadKey is { } held && desired.PayloadKey is null)
        {
            throw new FaultException(
                FaultCategory.NonRecoverable,
                FaultReasons.PayloadKeyWithdrawn,
                $"protection {known.DisplayName}",
                $"The protection is encrypted (data key {held.Id}), and the new one brings no key: its change logs would travel in the clear.",
                "Put spec.encryption of the RecoveryVault back, or use an operator that knows it. Replication goes on as it was.");
        }
    }
}
