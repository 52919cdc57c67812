using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecoveryOperator.Hypervisors.Images.Machines;

/// <summary>Content of <c>machine.json</c>.</summary>
/// <param name="Id">UUID.</param>
/// <param name="Name">Name; the folder has the same.</param>
/// <param name="VirtualCpus">Number of virtual CPUs.</param>
/// <param name="MemoryBytes">Memory in bytes.</param>
/// <param name="Disks">Disks, by index.</param>
/// <param name="Nics">Network interfaces, in order.</param>
/// <param name="Owner">The protection that this machine is a replica of; null: not made by this product.</param>
/// <param name="OperationId">The operation that made the replica.</param>
/// <param name="Autostart">Kept for whoever starts machines when the host boots.</param>
internal sealed record MachineFile(
    string Id,
    string Name,
    int VirtualCpus,
    long MemoryBytes,
    IReadOnlyList<MachineFileDisk> Disks,
    IReadOnlyList<MachineFileNic> Nics,
    string? Owner = null,
    string? OperationId = null,
    bool Autostart = false)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Reads the document.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static MachineFile Parse(ReadOnlySpan<byte> utf8)
    {
        var file = JsonSerializer.Deserialize<MachineFile>(utf8, Json) ?? throw new JsonException("machine.json holds null.");
        return file.Disks.Contains(null!) || file.Nics.Contains(null!) ? throw new JsonException("a disk or NIC of machine.json is null.") : file;
    }

    /// <summary>The document.</summary>
    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, Json);
}

/// <summary>One network interface in <c>machine.json</c>.</summary>
/// <param name="Mac">MAC address, lower case with colons.</param>
/// <param name="Network">Network that it is connected to; left out: none.</param>
internal sealed record MachineFileNic(string Mac, string? Network = null);

/// <summary>One disk in <c>machine.json</c>.</summary>
/// <param name="Target">Name within the guest, for example <c>vda</c>.</param>
/// <param name="File">File name within the machine's folder, or an absolute path.</param>
internal sealed record MachineFileDisk(string Target, string File);
