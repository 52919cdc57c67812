using RecoveryOperator.Hypervisors.Tests.Conformance;

namespace RecoveryOperator.Hypervisors.Tests.Libvirt;

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtInventoryTests(LibvirtHost host) : InventoryConformance(host);

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtSnapshotTests(LibvirtHost host) : SnapshotConformance(host);

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtChangeTrackingTests(LibvirtHost host) : ChangeTrackingConformance(host);

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtLeftoverTests(LibvirtHost host) : LeftoverConformance(host);

[Collection(LibvirtHost.Collection)]
public sealed class LibvirtRecoveryTargetTests(LibvirtHost host) : RecoveryTargetConformance(host);
