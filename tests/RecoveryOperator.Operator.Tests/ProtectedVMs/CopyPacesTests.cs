using Microsoft.Extensions.Time.Testing;
using RecoveryOperator.Operator.ProtectedVMs;

namespace RecoveryOperator.Operator.Tests.ProtectedVMs;

public sealed class CopyPacesTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CopyPaces _paces;

    public CopyPacesTests() => _paces = new(_time);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(30)]
    [InlineData(600)]
    public void A_steady_pace_is_measured_however_often_somebody_looks(int everySeconds)
    {
        long? pace = null;
        for (var second = 0; second <= 1200; second += everySeconds)
        {
            pace = _paces.Observe("a", second * 1000L, null).CopyBytesPerSecond;
            _time.Advance(TimeSpan.FromSeconds(everySeconds));
        }

        Assert.Equal(1000, pace);
    }

    [Fact]
    public void Nothing_is_said_before_it_is_measured_and_what_stands_still_has_a_pace_of_zero_in_the_end()
    {
        Assert.Null(At(0, 0));
        Assert.Null(At(4, 4000));
        Assert.Equal(1000, At(1, 5000));
        for (var minute = 0; minute < 4; minute++)
            At(60, 5000);
        Assert.Equal(0, At(60, 5000));
    }

    [Fact]
    public void A_copy_that_begins_anew_is_measured_anew_and_each_protection_by_itself()
    {
        At(0, 9000);
        Assert.Equal(1000, At(10, 19000));
        Assert.Null(At(3, 0));
        Assert.Null(_paces.Observe("b", 5, 5).CopyBytesPerSecond);
        Assert.Equal(100, At(10, 1000));
        Assert.Null(_paces.Observe("a", null, null).CopyBytesPerSecond);
        Assert.Null(At(10, 2000));
    }

    private long? At(int afterSeconds, long bytes)
    {
        _time.Advance(TimeSpan.FromSeconds(afterSeconds));
        return _paces.Observe("a", bytes, null).CopyBytesPerSecond;
    }
}
