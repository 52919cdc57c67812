using RecoveryOperator.Hypervisors.Libvirt;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

public sealed class ScratchSpaceTests
{
    private const long ReserveBytes = 1000;
    private long _freeBytes = 2000;

    private ScratchSpace Space => field ??= new ScratchSpace("/scratch", ReserveBytes, _ => _freeBytes);

    [Fact]
    public void No_more_than_the_disks_and_no_more_than_the_reserve_is_asked_for()
    {
        using var small = Space.Reserve("a", 10, []);
        using var large = Space.Reserve("b", 1_000_000, []);

        Assert.Equal(10, small.NeedBytes);
        Assert.Equal(ReserveBytes, large.NeedBytes);
    }

    [Fact]
    public void Open_snapshots_keep_their_share()
    {
        using var first = Space.Reserve("a", 5000, []);
        var second = Space.Reserve("b", 5000, []);

        var refusal = Assert.Throws<HypervisorException>(() => Space.Reserve("c", 5000, []));
        Assert.Equal(HypervisorFault.NoSpace, refusal.Fault);
        second.Dispose();
        using var third = Space.Reserve("c", 5000, []);
    }

    [Theory]
    [InlineData(2000, false, false)]
    [InlineData(499, true, false)]
    [InlineData(249, true, true)]
    public void Falling_room_first_asks_for_the_end_and_then_ends(long freeBytes, bool isLow, bool isCritical)
    {
        using var lease = Space.Reserve("a", 5000, []);

        _freeBytes = freeBytes;

        Assert.Equal((isLow, isCritical), (lease.IsLow, lease.IsCritical));
    }

    [Fact]
    public void What_is_written_already_is_not_needed_again()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(file, new byte[700]);
            using var lease = Space.Reserve("a", 1200, [file, file + ".absent"]);

            Assert.Equal(500, lease.NeedBytes);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
