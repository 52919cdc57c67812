using RecoveryOperator.DataPath.ChangeLogs;
using RecoveryOperator.DataPath.Tests.Support;

namespace RecoveryOperator.DataPath.Tests.ChangeLogs;

public sealed class IdentityTests
{
    public static TheoryData<string> Fields => ["Protection", "Epoch", "Sequence", "Attempt", "Disk", "Segment"];

    [Theory]
    [MemberData(nameof(Fields))]
    public void A_segment_in_the_wrong_place_is_refused(string field)
    {
        SegmentIdentity right = CaptureFixture.Identity;
        SegmentIdentity expected = field switch
        {
            "Protection" => right with { Protection = ProtectionId.Parse("00112233445566778899aabbccddeef0") },
            "Epoch" => right with { Epoch = 4 },
            "Sequence" => right with { Sequence = 8 },
            "Attempt" => right with { Attempt = Guid.Parse("01234567-89ab-cdef-0123-456789abcdee") },
            "Disk" => right with { Disk = 2 },
            _ => right with { Segment = 1 },
        };

        ChangeLogDamageException damage = Assert.Throws<ChangeLogDamageException>(() => new ChangeLogReader(SmallSegment.Bytes, expected));

        Assert.Equal(ChangeLogDamageReason.Identity, damage.Reason);
        Assert.Contains(right.ToString(), damage.Message, StringComparison.Ordinal);
        Assert.Contains(expected.ToString(), damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_file_is_no_change_log()
    {
        ChangeLogDamageException damage = Assert.Throws<ChangeLogDamageException>(() => new ChangeLogReader(new byte[4096], CaptureFixture.Identity));

        Assert.Equal(ChangeLogDamageReason.Format, damage.Reason);
    }
}
