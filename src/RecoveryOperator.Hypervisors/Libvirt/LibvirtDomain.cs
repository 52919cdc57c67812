using System.Runtime.InteropServices;
using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt.Native;
using static RecoveryOperator.Hypervisors.Libvirt.Native.LibvirtConstants;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>One domain. Blocking; used within <see cref="LibvirtConnection.RunAsync{T}"/> only.</summary>
internal sealed unsafe class LibvirtDomain(DomainHandle handle) : IDisposable
{
    public string Name { get; } = Marshal.PtrToStringUTF8(LibvirtNative.DomainGetName(handle)) ?? "?";

    public string Id
    {
        get
        {
            var buffer = stackalloc byte[UuidStringLength];
            Check(LibvirtNative.DomainGetUuid(handle, buffer), "read the UUID");
            return Marshal.PtrToStringUTF8((nint)buffer)!;
        }
    }

    public bool IsPersistent => Check(LibvirtNative.DomainIsPersistent(handle), "read the kind") == 1;

    public bool HasManagedSave => Check(LibvirtNative.DomainHasManagedSave(handle, 0), "read the saved state") == 1;

    public bool HasSnapshots => Check(LibvirtNative.DomainSnapshotNum(handle, 0), "count the snapshots") > 0;

    public void Dispose() => handle.Dispose();

    public (LibvirtDomainState State, int Reason) State()
    {
        Check(LibvirtNative.DomainGetState(handle, out var state, out var reason, 0), "read the state");
        return (state, reason);
    }

    public XElement Xml(bool inactive) =>
        XElement.Parse(Text(LibvirtNative.DomainGetXml(handle, inactive ? XmlInactive : 0), "read the definition"));

    /// <summary>Size that the guest sees, in bytes.</summary>
    public long DiskSizeBytes(string target)
    {
        Check(LibvirtNative.DomainGetBlockInfo(handle, target, out var info, 0), $"read the size of disk {target}");
        return (long)info.CapacityBytes;
    }

    /// <summary>Whether the guest itself read or wrote a disk since the machine was started; what is read for a backup does not count.</summary>
    public bool HasUsed(string target)
    {
        Check(LibvirtNative.DomainBlockStats(handle, target, out var counters, (nuint)Marshal.SizeOf<LibvirtNative.BlockCounters>()), $"read what the guest did on disk {target}");
        return counters.ReadRequests != 0 || counters.WriteRequests != 0;
    }

    public void Start(bool paused) => Check(LibvirtNative.DomainCreate(handle, paused ? StartPaused : 0), "start");

    public void Resume() => Check(LibvirtNative.DomainResume(handle), "resume");

    /// <summary>Presses the power button. No-op when the machine went off meanwhile.</summary>
    public void RequestShutdown()
    {
        if (LibvirtNative.DomainShutdown(handle, 0) == 0) return;
        var error = Error("ask for the shutdown");
        if (State().State != LibvirtDomainState.Off) throw error;
    }

    /// <summary>Ends the guest; QEMU itself ends in order (its bitmaps are stored) unless it does not react.</summary>
    public void Destroy()
    {
        if (LibvirtNative.DomainDestroy(handle, DestroyGraceful) == 0 || State().State == LibvirtDomainState.Off) return;
        if (LibvirtNative.DomainDestroy(handle, 0) == 0) return;
        var error = Error("switch off");
        if (State().State != LibvirtDomainState.Off) throw error;
    }

    public void Undefine() => Check(LibvirtNative.DomainUndefine(handle, UndefineAll), "remove the definition");

    public void SetAutostart(bool autostart) => Check(LibvirtNative.DomainSetAutostart(handle, autostart ? 1 : 0), "set autostart");

    /// <summary>Stores or removes (null) an element of ours in the definition, and in the running guest's.</summary>
    public void SetMetadata(XNamespace name, XElement? element)
    {
        var flags = AffectConfig | (State().State is LibvirtDomainState.Off ? 0 : AffectLive);
        var result = LibvirtNative.DomainSetMetadata(handle, MetadataElement, element?.ToString(SaveOptions.DisableFormatting), "ro", name.NamespaceName, flags);
        if (result < 0 && (element is not null || LibvirtNative.GetLastErrorCode() != LibvirtErrorCode.NoDomainMetadata)) throw Error("store metadata");
    }

    /// <summary>An element of ours in the definition, null where there is none.</summary>
    public XElement? Metadata(XNamespace name)
    {
        var text = LibvirtNative.DomainGetMetadata(handle, MetadataElement, name.NamespaceName, AffectConfig);
        if (text != 0) return XElement.Parse(LibvirtNative.TakeString(text));
        return LibvirtNative.GetLastErrorCode() == LibvirtErrorCode.NoDomainMetadata ? null : throw Error("read metadata");
    }

    /// <summary>Freezes the guest's file systems through its agent; how many.</summary>
    public int Freeze() => Check(LibvirtNative.DomainFreeze(handle, 0, 0, 0), "freeze the file systems");

    /// <summary>Thaws them; how many there were.</summary>
    public int Thaw() => Check(LibvirtNative.DomainThaw(handle, 0, 0, 0), "thaw the file systems");

    /// <summary>How long libvirt waits for each answer of the guest's agent, in seconds.</summary>
    public void SetAgentTimeout(int seconds) => Check(LibvirtNative.DomainSetAgentTimeout(handle, seconds, 0), "bound the answers of the guest agent");

    /// <summary>Asks the guest's agent for the guest's time: that it answers is what counts.</summary>
    public void AskAgent() => Check(LibvirtNative.DomainGetTime(handle, out _, out _, 0), "ask the guest agent");

    public void BeginBackup(string backupXml, string? checkpointXml) =>
        Check(LibvirtNative.DomainBackupBegin(handle, backupXml, checkpointXml, 0), "begin a snapshot");

    /// <summary>The backup job under way, null when there is none.</summary>
    public XElement? BackupJob()
    {
        var text = LibvirtNative.DomainBackupGetXml(handle, 0);
        if (text != 0) return XElement.Parse(LibvirtNative.TakeString(text));
        return LibvirtNative.GetLastErrorCode() is LibvirtErrorCode.NoDomainBackup or LibvirtErrorCode.OperationInvalid ? null : throw Error("read the backup job");
    }

    /// <summary>Asks for the end of the job; it ends soon after.</summary>
    public void AbortJob()
    {
        if (LibvirtNative.DomainAbortJob(handle) < 0 && LibvirtNative.GetLastErrorCode() != LibvirtErrorCode.OperationInvalid)
            throw Error("end the backup job");
    }

    /// <summary>All checkpoints, parents before children. Dispose of them.</summary>
    public LibvirtCheckpoints Checkpoints()
    {
        var count = Check(LibvirtNative.DomainListAllCheckpoints(handle, out var pointers, CheckpointListTopological), "list checkpoints");
        return new LibvirtCheckpoints(Name, LibvirtHost.Own(pointers, count, pointer => new CheckpointHandle().Own<CheckpointHandle>(pointer)));
    }

    public void CreateCheckpoint(string xml)
    {
        using var checkpoint = LibvirtNative.DomainCheckpointCreate(handle, xml, 0);
        if (checkpoint.IsInvalid) throw Error("create a checkpoint");
    }

    /// <summary>Deletes a checkpoint that may not be among those that were listed. No-op when absent.</summary>
    public void DeleteCheckpoint(string name)
    {
        using var checkpoint = LibvirtNative.DomainCheckpointLookup(handle, name, 0);
        if (checkpoint.IsInvalid)
        {
            if (LibvirtNative.GetLastErrorCode() == LibvirtErrorCode.NoDomainCheckpoint) return;
            throw Error($"look up checkpoint {name}");
        }

        Check(LibvirtNative.DomainCheckpointDelete(checkpoint, 0), $"delete checkpoint {name}");
    }

    private string Text(nint pointer, string action) => pointer != 0 ? LibvirtNative.TakeString(pointer) : throw Error(action);

    private int Check(int result, string action) => result >= 0 ? result : throw Error(action);

    private HypervisorException Error(string action) => LibvirtError.Last(action, $"machine {Name}");
}
