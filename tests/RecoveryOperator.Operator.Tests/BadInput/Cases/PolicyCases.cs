using static RecoveryOperator.Operator.Tests.BadInput.BadManifest;

namespace RecoveryOperator.Operator.Tests.BadInput.Cases;

internal static class PolicyCases
{
    private const string Policy = "ReplicationPolicy";

    public static IReadOnlyList<BadManifest> All { get; } =
    [
        Schema(Policy, """{"copyFrequency":"5 minutes"}""", "spec.copyFrequency", "(ms|s|m|h)"),
        Schema(Policy, """{"copyFrequency":"1d"}""", "spec.copyFrequency", "should match"),
        Schema(Policy, """{"copyFrequency":30}""", "copyFrequency", "string"),
        Schema(Policy, """{"initialReplicationStart":"25:00"}""", "spec.initialReplicationStart", "should match"),
        Schema(Policy, """{"uploadConcurrency":0}""", "spec.uploadConcurrency", "greater than or equal to 1"),
        Schema(Policy, """{"uploadConcurrency":33}""", "spec.uploadConcurrency", "less than or equal to 32"),
        Schema(Policy, """{"uploadConcurrency":"many"}""", "uploadConcurrency", "integer"),
        Schema(Policy, """{"resync":{"thresholdPercent":101}}""", "spec.resync.thresholdPercent", "less than or equal to 100"),
        Schema(Policy, """{"resync":{"automatic":"sometimes"}}""", "automatic", "boolean"),
        Schema(Policy, """{"resync":{"window":{"start":"6pm"}}}""", "spec.resync.window.start", "should match"),
        Schema(Policy, """{"newDisks":"Maybe"}""", "spec.newDisks", "Ignore"),
        Schema(Policy, """{"compression":"gzip"}""", "spec.compression", "Zstd"),
        Schema(Policy, """{"retentionTiers":{"dailyFor":"30 days"}}""", "spec.retentionTiers.dailyFor", "should match"),
        Schema(Policy, """{"bandwidth":{"limitPerSecond":"fast"}}""", "spec.bandwidth.limitPerSecond", "should match"),
        Schema(Policy, """{"rpo":"5m"}""", "unknown field", "rpo"),
        Rule(Policy, """{"copyFrequency":"10s"}""", "must be 30s to 24h", "Valid"),
        Rule(Policy, """{"copyFrequency":"48h","recoveryPointRetention":"72h"}""", "must be 30s to 24h", "Valid"),
        Rule(Policy, """{"recoveryPointRetention":"30m"}""", "must be 1h to 8760h", "Valid"),
        Rule(Policy, """{"copyFrequency":"12h","recoveryPointRetention":"6h"}""", "copyFrequency must not be longer than recoveryPointRetention", "Valid"),
        Rule(Policy, """{"appConsistentInterval":"1m"}""", "appConsistentInterval must not be shorter than copyFrequency: raise it, or copy more often", "Valid"),
        Rule(Policy, """{"appConsistentInterval":"48h"}""", "appConsistentInterval must not be longer than recoveryPointRetention: lower it, or keep points longer", "Valid"),
        Rule(Policy, """{"retentionTiers":{"hourlyFor":"12h"}}""", "retentionTiers.hourlyFor must be longer than recoveryPointRetention: raise it, or leave it out", "Valid"),
        Rule(Policy, """{"retentionTiers":{"hourlyFor":"72h","dailyFor":"48h"}}""", "dailyFor must be longer than", "Valid"),
        Rule(Policy, """{"retentionTiers":{"weeklyFor":"90000h"}}""", "weeklyFor must be at most 87600h", "Valid", "weeklyFor", "at most 87600h"),
        Accepted(Policy, """{"bandwidth":{"limitPerSecond":"99999Ti"}}""", "Valid", "bandwidth.limitPerSecond", "Correct the policy"),
    ];
}
