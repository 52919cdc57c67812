using RecoveryOperator.Kubernetes.Informers;

namespace RecoveryOperator.Kubernetes.Tests.Informers;

public sealed class JitteredBackoffTests
{
    [Fact]
    public void It_grows_to_its_maximum_within_its_jitter_and_starts_over_after_a_success()
    {
        const int seed = 42;
        TestContext.Current.SendDiagnosticMessage("seed {0}", seed);
        var backoff = new JitteredBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), new Random(seed));
        for (var n = 0; n < 50; n++)
        {
            var expected = Math.Min(30, Math.Pow(2, n));
            Assert.InRange(backoff.Next().TotalSeconds, expected * 0.5, expected * 1.5);
        }

        backoff.Reset();
        Assert.InRange(backoff.Next().TotalSeconds, 0.5, 1.5);
    }

    [Fact]
    public void Two_processes_do_not_wait_in_step()
    {
        var one = new JitteredBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), new Random(1));
        var other = new JitteredBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), new Random(2));
        Assert.NotEqual(one.Next(), other.Next());
    }
}
