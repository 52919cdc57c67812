using System.Buffers.Binary;
using RecoveryOperator.Hypervisors.Libvirt;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

public sealed class DiskPrerequisitesTests : IDisposable
{
    private readonly string _image = Path.GetTempFileName();

    public DiskPrerequisitesTests() => WriteHeader(version: 3);

    private DomainDisk Good => new(0, "vda", "virtio", "file", "qcow2", _image, IsReadOnly: false, IsShareable: false);

    [Fact]
    public void A_writable_unshared_qcow2_file_is_fine() => Assert.Empty(Check(Good));

    [Fact]
    public void Raw_and_block_disks_are_told_how_to_convert()
    {
        Assert.Contains("qemu-img convert -f raw -O qcow2", Assert.Single(Check(Good with { Format = "raw" })).Remedy, StringComparison.Ordinal);
        Assert.Contains("type block", Assert.Single(Check(Good with { Type = "block", Format = "raw", Source = "/dev/sdb" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Format_version_2_is_told_how_to_amend()
    {
        WriteHeader(version: 2);

        Assert.Contains("qemu-img amend", Assert.Single(Check(Good)).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Shared_read_only_missing_and_mislabelled_disks_are_each_named()
    {
        DomainDisk[] disks =
        [
            Good with { IsShareable = true },
            Good with { Target = "vdb", IsReadOnly = true },
            Good with { Target = "vdc", Source = _image + ".absent" },
            Good with { Target = "vdd", Source = typeof(DiskPrerequisitesTests).Assembly.Location },
        ];

        var failures = Check(disks);

        Assert.Equal(["vda", "vdb", "vdc", "vdd"], failures.Select(failure => failure.Object.Split(' ')[1]));
        Assert.All(failures, failure => Assert.NotEmpty(failure.Remedy));
    }

    [Fact]
    public void Excluded_disks_do_not_count_but_one_must_be_left()
    {
        var raw = Good with { Target = "vdb", Format = "raw" };

        Assert.Empty(DiskPrerequisites.Check("vm", [Good, raw], ["vdb"]));
        Assert.Equal("NoDisk", Assert.Single(DiskPrerequisites.Check("vm", [raw], ["vdb"])).Reason);
    }

    public void Dispose() => File.Delete(_image);

    private static List<PrerequisiteFailure> Check(params DomainDisk[] disks) => [.. DiskPrerequisites.Check("vm", disks, [])];

    private void WriteHeader(uint version)
    {
        var header = new byte[512];
        BinaryPrimitives.WriteUInt32BigEndian(header, 0x514649fb);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), version);
        File.WriteAllBytes(_image, header);
    }
}
