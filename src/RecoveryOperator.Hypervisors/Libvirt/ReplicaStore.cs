using System.Xml.Linq;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Creates and deletes replicas. A replica is recognised by an element in its definition; its id follows from the operation that asked.</summary>
internal sealed partial class ReplicaStore(LibvirtConnection connection, LibvirtOptions options, ReplicaDisks disks, QemuAccount account, ILogger logger) : IDisposable
{
    private readonly SemaphoreSlim _changing = new(1);

    public Task<IReadOnlyList<PrerequisiteFailure>> CheckAsync(ReplicaRequest request, long freeBytes, CancellationToken cancellationToken) =>
        connection.RunAsync<IReadOnlyList<PrerequisiteFailure>>(host => Check(host, request, freeBytes), cancellationToken);

    /// <summary>One at a time: two attempts at one replica would make its disks over each other, and what one notes is not forgotten by another before there is a machine.</summary>
    public async Task<VirtualMachine> CreateAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var id = LibvirtNames.ReplicaId(request.Owner, request.OperationId);
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await connection.RunAsync(host => FindOwn(host, request, id), cancellationToken).ConfigureAwait(false) is { } existing)
            {
                if (!disks.Has(id)) Note(request, id); // The agent's folder was lost: the machine could never be started again.
                return existing;
            }

            if (Foreign(request.Definition) is { } failure) throw new HypervisorException(HypervisorFault.Unsupported, failure.Message, failure.Remedy);
            var machine = await CreateNewAsync(request, id, cancellationToken).ConfigureAwait(false);
            LogCreated(request.Name, request.OperationId);
            progress?.Report(1);
            return machine;
        }
        finally
        {
            _changing.Release();
        }
    }

    public async Task DeleteAsync(string machineId, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var deleted = await connection.RunAsync(host => Undefine(host, machineId), cancellationToken).ConfigureAwait(false);
            await connection.RunAsync(ForgetGone, cancellationToken).ConfigureAwait(false);
            if (deleted) LogDeleted(machineId);
        }
        finally
        {
            _changing.Release();
        }
    }

    public void Dispose() => _changing.Dispose();

    private async Task<VirtualMachine> CreateNewAsync(ReplicaRequest request, Guid id, CancellationToken cancellationToken)
    {
        try
        {
            Note(request, id);
            foreach (var disk in request.Disks)
            {
                // The folder is QEMU's user's: under a name that could be known, an escaped guest might have put a link to another file.
                var path = Overlay(id, TargetOf(request, disk));
                var draft = $"{path}.{Guid.NewGuid():n}";
                await QemuImage.CreateAsync(draft, disk.SizeBytes, cancellationToken).ConfigureAwait(false);
                account.Own(draft);
                File.Move(draft, path, overwrite: true);
            }

            var definition = ReplicaDefinition.Build(request, id, new ReplicaPlaces(target => Overlay(id, target), options.ConsoleDirectory, options.VaultSocket));
            return await connection.RunAsync(host => Define(host, request.Name, definition), cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await UndoAsync(id).ConfigureAwait(false);
            throw;
        }
    }

    private void Note(ReplicaRequest request, Guid id) => disks.Put(id, request.Disks.Select(disk => (TargetOf(request, disk), disk)));

    /// <summary>Leaves neither a grant nor disks of a machine that did not come to be. Whether it did is asked: the answer to its definition may be what was lost.</summary>
    private async Task UndoAsync(Guid id)
    {
        try
        {
            await connection.RunAsync(
                host =>
                {
                    using var domain = host.Find(id.ToString());
                    if (domain is null) DeleteFiles(id);
                },
                CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception error) when (error is HypervisorException or IOException or UnauthorizedAccessException)
        {
            LogNotUndone(error, id);
        }
    }

    private void DeleteFiles(Guid id)
    {
        foreach (var file in Directory.GetFiles(options.StorageDirectory, OverlayPrefix(id) + "*")) File.Delete(file);
        disks.Delete(id);
    }

    /// <summary>
    /// Forgets the grants of machines that somebody else deleted. Their disks stay until they are deleted by their id: they hold what was written since the failover, and a
    /// person may be about to define the machine anew.
    /// </summary>
    private void ForgetGone(LibvirtHost host)
    {
        foreach (var id in disks.All())
        {
            using var domain = host.Find(id.ToString());
            if (domain is not null) continue;
            disks.Delete(id);
            LogForgotten(id);
        }
    }

    private List<PrerequisiteFailure> Check(LibvirtHost host, ReplicaRequest request, long freeBytes)
    {
        var failures = new List<PrerequisiteFailure>();
        if (Foreign(request.Definition) is { } foreign) failures.Add(foreign);
        var id = LibvirtNames.ReplicaId(request.Owner, request.OperationId);
        using var sameName = host.Find(request.Name);
        if (sameName is not null && sameName.Id != id.ToString())
            failures.Add(new("NameTaken", $"machine {request.Name}", "a machine of this name is on the recovery host already", "give the replica another name, or remove that machine"));
        if (sameName is null && freeBytes < options.ReplicaReserveBytes)
        {
            failures.Add(new(
                "NoRoom",
                $"folder {options.StorageDirectory}",
                $"{freeBytes >> 20} MiB are free, {options.ReplicaReserveBytes >> 20} MiB are needed for what the replica writes",
                "free space on the recovery host or enlarge the file system"));
        }

        var networks = host.Networks();
        foreach (var network in request.Networks.OfType<string>().Distinct())
        {
            if (!networks.TryGetValue(network, out var isActive))
                failures.Add(new("NetworkNotFound", $"network {network}", "the recovery host has no such network", $"define network {network} there, or map it to one of: {string.Join(", ", networks.Keys)}"));
            else if (!isActive)
                failures.Add(new("NetworkInactive", $"network {network}", "the network is not active on the recovery host", $"run there: virsh net-start {network}"));
        }

        return failures;
    }

    /// <summary>The machine that an earlier attempt made, null when there is none yet.</summary>
    private static VirtualMachine? FindOwn(LibvirtHost host, ReplicaRequest request, Guid id)
    {
        using var domain = host.Find(id.ToString());
        if (domain is not null) return DomainDescription.Of(domain);
        using var sameName = host.Find(request.Name);
        return sameName is null ? null : throw new HypervisorException(
            HypervisorFault.Conflict,
            $"a machine named {request.Name} is on the recovery host already and was not made for operation {request.OperationId}",
            "give the replica another name, or remove that machine");
    }

    private static VirtualMachine Define(LibvirtHost host, string name, XElement definition)
    {
        using var domain = host.Define(definition.ToString(SaveOptions.DisableFormatting), name);
        domain.SetAutostart(false);
        return DomainDescription.Of(domain);
    }

    /// <summary>Switches the machine off, deletes its disks and then its definition, so that a crash in between leaves what is deleted again.</summary>
    private bool Undefine(LibvirtHost host, string machineId)
    {
        using var domain = host.Find(machineId);
        if (domain is null)
        {
            if (Guid.TryParseExact(machineId, "D", out var gone)) DeleteFiles(gone);
            return false;
        }

        if (domain.Metadata(LibvirtNames.Replica) is null)
        {
            throw new HypervisorException(
                HypervisorFault.Conflict,
                $"machine {domain.Name} was not created by this product and is not deleted",
                $"if it is to go, delete it by hand: virsh undefine {domain.Name}");
        }

        if (domain.State().State != LibvirtDomainState.Off) domain.Destroy();
        var xml = domain.Xml(inactive: true);
        DeleteFiles(Guid.Parse(domain.Id));
        foreach (var path in xml.Descendants("serial").Elements("source").Select(source => (string?)source.Attribute("path")).OfType<string>())
        {
            if (Path.GetDirectoryName(path) == options.ConsoleDirectory) File.Delete(path);
        }

        domain.Undefine();
        return true;
    }

    private string Overlay(Guid id, string target) => Path.Combine(options.StorageDirectory, $"{OverlayPrefix(id)}{target}.qcow2");

    private static string OverlayPrefix(Guid id) => $"ro-{id}-";

    private static string TargetOf(ReplicaRequest request, ReplicaDisk disk) =>
        request.Definition.Disks.FirstOrDefault(defined => defined.Index == disk.Index)?.Target ?? throw new HypervisorException(
            HypervisorFault.NotFound,
            $"the definition of {request.Name} has no disk {disk.Index}",
            "use a recovery point whose definition lists all of its disks");

    private static PrerequisiteFailure? Foreign(VirtualMachineDefinition definition) =>
        definition is { Hypervisor: LibvirtHypervisor.DriverName, NativeDefinition: not null } ? null : new(
            "ForeignDefinition",
            $"a machine of {definition.Hypervisor}",
            $"a machine that was defined by {definition.Hypervisor} cannot be brought up by libvirt yet",
            "recover it on a site of the same kind");

    [LoggerMessage(Level = LogLevel.Information, Message = "Created machine {Machine} for operation {Operation}")]
    private partial void LogCreated(string machine, string operation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted machine {Machine} and its disks")]
    private partial void LogDeleted(string machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Machine {Machine} is gone, deleted by somebody else: what grants reading its disks in the vault is deleted too")]
    private partial void LogForgotten(Guid machine);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was made of machine {Machine}, which could not be created, is left until it is tried again or deleted")]
    private partial void LogNotUndone(Exception error, Guid machine);
}
