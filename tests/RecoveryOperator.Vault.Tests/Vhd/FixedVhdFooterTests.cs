using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RecoveryOperator.Vault.Vhd;

namespace RecoveryOperator.Vault.Tests.Vhd;

public class FixedVhdFooterTests
{
    private const long MiB = 1024 * 1024;

    private static readonly DateTimeOffset _created = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1, MiB)]
    [InlineData(MiB, MiB)]
    [InlineData(MiB + 512, 2 * MiB)]
    public void A_disk_is_rounded_up_to_whole_mebibytes(long size, long footerOffset)
    {
        Assert.Equal(footerOffset, FixedVhdFooter.OffsetOf(size));
        Assert.Equal(footerOffset + 512, FixedVhdFooter.BlobLengthOf(size));
    }

    [Theory]
    [InlineData(40L * 1024 * 1024, 963, 5, 17)]
    [InlineData(10L * 1024 * 1024 * 1024, 20805, 16, 63)]
    [InlineData(127L * 1024 * 1024 * 1024, 65278, 16, 255)]
    [InlineData(8191L * 1024 * 1024 * 1024, 65535, 16, 255)]
    public void The_geometry_is_the_specifications(long size, int cylinders, int heads, int sectorsPerTrack)
    {
        byte[] footer = Footer(size);
        Assert.Equal((cylinders, heads, sectorsPerTrack), ((footer[56] << 8) | footer[57], footer[58], footer[59]));
    }

    [Fact]
    public void The_checksum_is_the_complement_of_the_sum_of_all_other_bytes()
    {
        byte[] footer = Footer(MiB);
        uint stored = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(footer.AsSpan(64));
        footer.AsSpan(64, 4).Clear();
        Assert.Equal(stored, ~(uint)footer.Sum(value => value));
        Assert.Equal(Footer(MiB), Footer(MiB));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(5000)]
    public async Task Qemu_reads_the_disk_with_exactly_its_size_and_content(long mebibytes)
    {
        Assert.True(File.Exists("/usr/bin/qemu-img"), "qemu-img is not on this machine: run eng/setup/packages.sh hypervisor");
        string folder = Directory.CreateTempSubdirectory("vhd-").FullName;
        string vhd = Path.Combine(folder, "disk.vhd"), raw = Path.Combine(folder, "disk.raw");
        byte[] content = new byte[100_000];
        new Random(1).NextBytes(content);
        await WriteAsync(raw, mebibytes * MiB, content, []);
        await WriteAsync(vhd, mebibytes * MiB, content, Footer(mebibytes * MiB));

        using JsonDocument info = JsonDocument.Parse(await QemuImgAsync("info", "--output=json", "-f", "vpc", vhd));
        Assert.Equal(mebibytes * MiB, info.RootElement.GetProperty("virtual-size").GetInt64());
        Assert.Contains("identical", await QemuImgAsync("compare", "-f", "vpc", "-F", "raw", vhd, raw), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static byte[] Footer(long size) => FixedVhdFooter.Create(default, 0, size, _created);

    private static async Task WriteAsync(string path, long size, byte[] content, byte[] footer)
    {
        await using FileStream file = File.Create(path);
        file.SetLength(size + footer.Length);
        await file.WriteAsync(content, TestContext.Current.CancellationToken);
        file.Position = size;
        await file.WriteAsync(footer, TestContext.Current.CancellationToken);
    }

    private static async Task<string> QemuImgAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("qemu-img", arguments) { RedirectStandardOutput = true })!;
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, string.Create(CultureInfo.InvariantCulture, $"qemu-img {arguments[0]} ended with {process.ExitCode}: {output}"));
        return output;
    }
}
