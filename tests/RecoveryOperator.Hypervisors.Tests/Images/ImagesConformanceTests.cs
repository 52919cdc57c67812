using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Images;

public sealed class ImagesInventoryTests(ImagesConformanceDriver driver) : InventoryConformance(driver), IClassFixture<ImagesConformanceDriver>;

public sealed class ImagesSnapshotTests(ImagesConformanceDriver driver) : SnapshotConformance(driver), IClassFixture<ImagesConformanceDriver>;

public sealed class ImagesChangeTrackingTests(ImagesConformanceDriver driver)
    : ChangeTrackingConformance(driver), IClassFixture<ImagesConformanceDriver>;

public sealed class ImagesLeftoverTests(ImagesConformanceDriver driver) : LeftoverConformance(driver), IClassFixture<ImagesConformanceDriver>;

public sealed class ImagesRecoveryTargetTests(ImagesConformanceDriver driver)
    : RecoveryTargetConformance(driver), IClassFixture<ImagesConformanceDriver>;
