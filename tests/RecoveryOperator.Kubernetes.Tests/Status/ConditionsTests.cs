using k8s.Models;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Kubernetes.Tests.Status;

public sealed class ConditionsTests
{
    private static readonly DateTimeOffset s_first = new(2026, 1, 1, 0, 0, 0, 500, TimeSpan.Zero);
    private static readonly DateTimeOffset s_later = s_first.AddMinutes(5);

    [Fact]
    public void The_transition_time_moves_only_with_the_status_and_is_in_whole_seconds()
    {
        var conditions = new List<V1Condition>();
        Assert.True(Conditions.Set(conditions, Ready("False", "Waiting"), s_first));
        Assert.True(Conditions.Set(conditions, Ready("False", "StillWaiting"), s_later));
        Assert.Equal(new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), Assert.Single(conditions).LastTransitionTime);
        Assert.True(Conditions.Set(conditions, Ready("True", "Done"), s_later));
        Assert.Equal(new DateTime(2026, 1, 1, 0, 5, 0, DateTimeKind.Utc), Assert.Single(conditions).LastTransitionTime);
        Assert.True(Conditions.IsTrue(conditions, "Ready"));
    }

    [Fact]
    public void Setting_the_same_again_changes_nothing()
    {
        var conditions = new List<V1Condition>();
        Conditions.Set(conditions, Ready("True", "Done"), s_first);
        Assert.False(Conditions.Set(conditions, Ready("True", "Done"), s_later));
        Assert.Null(Conditions.Find(conditions, "Stalled"));
    }

    private static V1Condition Ready(string status, string reason) => new() { Type = "Ready", Status = status, Reason = reason, Message = "m" };
}
