using RecoveryOperator.DataPath.Capture;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.Capture;

public sealed class RoundTripTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(BlockSize.Bytes)]
    [InlineData(BlockSize.Bytes + 1)]
    [InlineData((5 * 1024 * 1024) + 512)]
    public async Task A_whole_disk_of_any_size_arrives_with_its_checksums(int sizeBytes)
    {
        using CaptureFixture fixture = new();
        MemoryDisk source = new(DiskContent.Mixed(new Random(1), sizeBytes));
        MemoryDisk replica = new(DiskContent.Random(2, sizeBytes));

        CapturedDisk captured = await fixture.CaptureAsync(source, [new Extent(0, sizeBytes)]);
        await fixture.ApplyAsync(captured, replica);

        Assert.Equal(source.Content, replica.Content);
        Assert.Equal(source.ExpectedChecksums(), replica.Checksums);
        Assert.Equal(sizeBytes, captured.ChangedBytes);
    }
}
