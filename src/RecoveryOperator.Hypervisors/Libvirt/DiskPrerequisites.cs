using System.Buffers.Binary;

namespace RecoveryOperator.Hypervisors.Libvirt;

/// <summary>Judges whether libvirt can track and read a machine's disks: writable, unshared qcow2 files of format version 3.</summary>
internal static class DiskPrerequisites
{
    private const uint Qcow2Magic = 0x514649fb;

    public static IEnumerable<PrerequisiteFailure> Check(string machine, IEnumerable<DomainDisk> disks, IReadOnlyCollection<string> excluded)
    {
        var protectedDisks = disks.Where(disk => !excluded.Contains(disk.Target)).ToList();
        if (protectedDisks.Count == 0)
            yield return new("NoDisk", $"machine {machine}", "no disk is left to protect", "attach a disk or exclude fewer");
        foreach (var disk in protectedDisks)
        {
            var name = $"disk {disk.Target} of machine {machine}";
            if (Unsupported(disk) is var (message, remedy)) yield return new("UnsupportedDisk", name, message, remedy);
        }
    }

    private static (string Message, string Remedy)? Unsupported(DomainDisk disk)
    {
        if (disk.IsShareable)
            return ("it is shared: another machine's writes would not be tracked", $"exclude disk {disk.Target}, or stop sharing it");
        if (disk.IsReadOnly)
            return ("it is read-only, which QEMU cannot track", $"exclude disk {disk.Target}, or make it writable");
        if (disk.Type != "file" || disk.Format != "qcow2")
            return ($"it is a {disk.Format} disk of type {disk.Type}; changes are tracked on qcow2 files only", Convert(disk));
        return disk.Source is null ? ("it has no image", $"attach an image or exclude disk {disk.Target}") : UnsupportedImage(disk, disk.Source);
    }

    private static (string Message, string Remedy)? UnsupportedImage(DomainDisk disk, string path)
    {
        var header = new byte[8];
        try
        {
            using var image = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.Read(image, header, 0) < header.Length || BinaryPrimitives.ReadUInt32BigEndian(header) != Qcow2Magic)
                return ($"{path} is not a qcow2 image", Convert(disk));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ($"{path} cannot be read: {error.Message}", $"put the image back, let the agent read it, or exclude disk {disk.Target}");
        }

        return BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) >= 3
            ? null
            : ($"{path} is a qcow2 image of format version 2, which has no bitmaps", $"shut the machine down and run: qemu-img amend -f qcow2 -o compat=1.1 {path}");
    }

    private static string Convert(DomainDisk disk) =>
        $"shut the machine down, run: qemu-img convert -f {disk.Format} -O qcow2 {disk.Source ?? "SOURCE"} {disk.Source ?? "TARGET"}.qcow2, " +
        $"point disk {disk.Target} to the new file with driver type qcow2 (virsh edit), and start the machine; or exclude the disk";
}
