using System.Xml.Linq;
using Microsoft.Extensions.Logging;
using RecoveryOperator.Hypervisors.Libvirt.Native;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Creates and deletes replicas. A replica is recognised by an element in its definition; its id follows from the operation that asked.</summary>
internal sealed partial class ReplicaStore(LibvirtConnection connection, LibvirtOptions options, ReplicaDisks disks, QemuAccount account, ILogger logger)
{
    public Task<IReadOnlyList<PrerequisiteFailure>> CheckAsync(ReplicaRequest request, long freeBytes, CancellationToken cancellationToken) =>
        connection.RunAsync<IReadOnlyList<PrerequisiteFailure>>(host => Check(host, request, freeBytes), cancellationToken);

    public async Task<VirtualMachine> CreateAsync(ReplicaRequest request, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var id = LibvirtNames.ReplicaId(request.Owner, request.OperationId);
        if (await connection.RunAsync(host => FindOwn(host, request, id), cancellationToken).ConfigureAwait(false) is { } existing) return existing;
        if (Foreign(request.Definition) is { } failure) throw new HypervisorException(HypervisorFault.Unsupported, failure.Message, failure.Remedy);
        disks.Put(id, request.Disks.Select(disk => (TargetOf(request, disk), disk)));
        foreach (var disk in request.Disks)
        {
            var path = Overlay(id, TargetOf(request, disk));
            await QemuImage.CreateAsync(path, disk.SizeBytes, cancellationToken).ConfigureAwait(false);
            account.Own(path);
        }

        var definition = ReplicaDefinition.Build(request, id, new ReplicaPlaces(target => Overlay(id, target), options.ConsoleDirectory, options.VaultSocket));
        var machine = await connection.RunAsync(host => Define(host, request.Name, definition), cancellationToken).ConfigureAwait(false);
        LogCreated(request.Name, request.OperationId);
        progress?.Report(1);
        return machine;
    }

    public async Task DeleteAsync(string machineId, CancellationToken cancellationToken)
    {
        if (!await connection.RunAsync(host => Undefine(host, machineId), cancellationToken).ConfigureAwait(false)) return;
        LogDeleted(machineId);
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
        if (domain is null) return false;
        if (domain.Metadata(LibvirtNames.Replica) is null)
        {
            throw new HypervisorException(
                HypervisorFault.Conflict,
                $"machine {domain.Name} was not created by this product and is not deleted",
                $"if it is to go, delete it by hand: virsh undefine {domain.Name}");
        }

        if (domain.State().State != LibvirtDomainState.Off) domain.Destroy();
        var xml = domain.Xml(inactive: true);
        foreach (var file in Directory.GetFiles(options.StorageDirectory, OverlayPrefix(Guid.Parse(domain.Id)) + "*")) File.Delete(file);
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
}
