using System.Runtime.InteropServices;
using System.Xml.Linq;
using RecoveryOperator.Hypervisors.Libvirt.Native;
using static RecoveryOperator.Hypervisors.Libvirt.Native.LibvirtConstants;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>A domain's checkpoints as they were listed, each with what libvirt knows it by: none is looked up again. Blocking, as <see cref="LibvirtDomain"/> is.</summary>
internal sealed class LibvirtCheckpoints : IDisposable
{
    private readonly string _machine;
    private readonly Dictionary<string, CheckpointHandle> _handles = new(StringComparer.Ordinal);

    public LibvirtCheckpoints(string machine, IEnumerable<CheckpointHandle> handles)
    {
        _machine = machine;
        var names = new List<string>();
        foreach (var handle in handles)
        {
            names.Add(Marshal.PtrToStringUTF8(LibvirtNative.DomainCheckpointGetName(handle))!);
            _handles.Add(names[^1], handle);
        }

        Names = names;
    }

    /// <summary>Their names, parents before children.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>A checkpoint that was listed, with, for each of its disks, the bytes that its bitmap has marked now.</summary>
    public XElement WithSizes(string name)
    {
        var text = LibvirtNative.DomainCheckpointGetXml(_handles[name], CheckpointXmlWithoutDomain | CheckpointXmlWithSizes);
        return text != 0 ? XElement.Parse(LibvirtNative.TakeString(text)) : throw LibvirtError.Last($"count the changes since checkpoint {name}", $"machine {_machine}");
    }

    /// <summary>Deletes a checkpoint and its bitmaps, or only what libvirt remembers of it. No-op when it is gone meanwhile.</summary>
    public void Delete(string name, bool metadataOnly)
    {
        if (LibvirtNative.DomainCheckpointDelete(_handles[name], metadataOnly ? CheckpointDeleteMetadataOnly : 0) >= 0
            || LibvirtNative.GetLastErrorCode() == LibvirtErrorCode.NoDomainCheckpoint) return;
        throw LibvirtError.Last($"delete checkpoint {name}", $"machine {_machine}");
    }

    public void Dispose()
    {
        foreach (var handle in _handles.Values) handle.Dispose();
    }
}
