using RecoveryOperator.Agent.Engine.Steps.Resync;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Agent.Engine.Steps;

/// <summary>
/// What becomes of a machine whose disks are others than those that its changes are known of. Detached ones need nothing: the set simply lacks them.
/// Attached, resized and exchanged ones are compared with the replica, and only they.
/// </summary>
internal sealed class DiskChanges(ProtectionContext context)
{
    /// <summary>Checks the disks of a snapshot, before anything of it is captured.</summary>
    /// <exception cref="FaultException">Changes of some are not known: nothing can be cut before what was stored here is done.</exception>
    public async Task CheckAsync(CutBasis basis, IMachineSnapshot snapshot, CancellationToken cancellationToken)
    {
        DiskShape[] now = DiskShapes.Of(snapshot);
        IReadOnlyList<string> unknown = DiskShapes.UnknownOf(basis.Disks, now);
        if (unknown.Count > 0)
            await RequireAsync(basis, now, unknown, cancellationToken);
    }

    /// <summary>The tracking of a snapshot was lost: are there disks that explain it?</summary>
    /// <returns>False when the disks are the same.</returns>
    /// <exception cref="FaultException">They are not, as in <see cref="CheckAsync"/>.</exception>
    public async Task<bool> ExplainAsync(CutBasis basis, CancellationToken cancellationToken)
    {
        if (await context.Hypervisor.FindAsync(context.MachineId, cancellationToken) is not { } machine)
            return false;

        VirtualMachineDefinition definition = StableIndexes.Apply(machine.Definition, StableIndexes.Of(context.Progress, machine.Definition));
        DiskShape[] now =
        [
            .. definition.Disks.Where(disk => !context.ExcludedDisks.Contains(disk.Target))
                .Select(disk => new DiskShape(disk.Index, disk.Target, disk.SizeBytes, disk.Source)),
        ];
        IReadOnlyList<string> unknown = [.. DiskShapes.UnknownOf(basis.Disks, now).Union(DiskShapes.MovedOf(basis.Disks, now))];
        if (unknown.Count == 0)
            return false;

        await RequireAsync(basis, now, unknown, cancellationToken);
        return true;
    }

    private async Task RequireAsync(CutBasis basis, IReadOnlyList<DiskShape> now, IReadOnlyList<string> unknown, CancellationToken cancellationToken)
    {
        string message = $"The disks of the machine changed: {Describe(basis.Disks)} before, {Describe(now)} now. What changed on {string.Join(", ", unknown)} is not known.";
        string[] attached = [.. unknown.Where(target => basis.Disks.All(disk => disk.Target != target))];
        if (context.Desired.NewDisks == NewDisks.Ignore && attached.Length > 0)
        {
            context.Save(progress => progress with { IgnoredDisks = [.. progress.IgnoredDisks.Union(attached)] });
            throw Retry(message, $"Disks that are attached later are not protected, as the policy says: {string.Join(", ", attached)}.");
        }

        switch (basis.Completes)
        {
            case Completes.Initial:
                // Nothing is committed yet.
                context.Services.Logger.InitialCopyRestarts(context.DisplayName, context.Progress.Epoch, message);
                Beginning.BeginCopy(context);
                throw Retry(message, "The copy begins again by itself.");
            case Completes.Resync:
                await ResyncBeginning.AgainAsync(context, message, keepsLast: true, cancellationToken, unknown);
                throw Retry(message, "The comparison begins again by itself.");
            default:
                throw Ending.WriteAndMakeFault(
                    context, EnginePhase.ResyncRequired, Ending.Resync(context, FaultReasons.DisksChanged, message) with { OnlyTargets = unknown });
        }
    }

    private FaultException Retry(string message, string remedy) =>
        new(FaultCategory.Recoverable, FaultReasons.DisksChanged, $"vm {context.Desired.Machine}", message, remedy);

    private static string Describe(IEnumerable<DiskShape> disks) => string.Join(", ", disks.Select(disk => $"{disk.Target} ({disk.SizeBytes} bytes{(disk.Source is null ? "" : $", {disk.Source}")})"));
}
