using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using RecoveryOperator.Agent.Engine;
using RecoveryOperator.Agent.Faults;
using RecoveryOperator.Agent.HostRole;
using RecoveryOperator.Hypervisors;
using RecoveryOperator.Hypervisors.Libvirt;
using RecoveryOperator.Protocol;
using RecoveryOperator.Vault;
using RecoveryOperator.Vault.Documents;

namespace RecoveryOperator.Proof.Tests.Fuzzing;

/// <summary>A machine's definition comes back out of the vault, where a host put it; names of checkpoints come from a hypervisor that others use, too.</summary>
public sealed class LibvirtFuzzTests(ITestOutputHelper output)
{
    private const string Domain =
        """
        <domain type='kvm'><name>web</name><uuid>11111111-2222-3333-4444-555555555555</uuid><memory unit='KiB'>1048576</memory><vcpu>2</vcpu>
        <os firmware='efi'><type>hvm</type><loader type='pflash'/><nvram>/x</nvram></os><sysinfo><system><entry name='uuid'>1</entry></system></sysinfo>
        <devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/a.qcow2'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file' device='cdrom'><source file='/c.iso'/><target dev='sda' bus='sata'/></disk>
        <disk type='block' device='disk'><source dev='/dev/x'/><target dev='vdb' bus='scsi'/></disk>
        <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>
        <serial type='file'><source path='/log'/><target port='0'/></serial><graphics type='vnc' port='5900' listen='0.0.0.0'><listen type='address'/></graphics>
        <channel type='unix'><source mode='bind' path='/p'/></channel><hostdev/></devices></domain>
        """;

    private static readonly VirtualMachineDefinition Definition = new(
        "Libvirt", 2, 1 << 30, "Bios", [new VirtualDisk(0, "vda", 1 << 30, "virtio", "qcow2", "/a.qcow2"), new VirtualDisk(1, "vdb", 1 << 30, "scsi", "raw", null)],
        [new VirtualNic("52:54:00:00:00:01", "default")], Domain);

    [Fact]
    public Task A_definition_that_a_replica_is_made_from()
    {
        byte[][] corpus = [Encoding.UTF8.GetBytes(Domain), Encoding.UTF8.GetBytes("<!DOCTYPE domain [<!ENTITY a '0123456789'><!ENTITY b '&a;&a;&a;&a;'>]><domain>&b;</domain>")];
        FuzzTarget target = new(
            "domain XML",
            random => new Mutator(random, corpus).Next(),
            Build,
            error => error is HypervisorException { Fault: HypervisorFault.Unsupported } && error.Message.Contains("web-test", StringComparison.Ordinal));
        return new Fuzzer(target, corpus[..1], output).RunAsync(4_000, 0.02);

        static void Build(byte[] text)
        {
            ReplicaRequest request = new(
                "owner", "op", "web-test", Definition with { NativeDefinition = Encoding.UTF8.GetString(text) },
                [new ReplicaDisk(0, 1 << 30, new Uri("http://127.0.0.1:1/a/b/disk-0.vhd?snapshot=1&sig=2")), new ReplicaDisk(1, 1 << 30, new Uri("http://127.0.0.1:1/a/b/disk-1.vhd"))],
                [null]);
            XElement made = ReplicaDefinition.Build(request, Guid.Empty, new ReplicaPlaces(disk => $"/overlays/{disk}", "/consoles", "/vault.sock"));
            Assert.Equal("web-test", (string?)made.Element("name"));
            Assert.Empty(made.Descendants("hostdev"));
        }
    }

    [Fact]
    public Task A_definition_for_another_program() => FuzzDefinitionAsync(
        "definition in a request",
        json => ReplicaRequests.ForCheck(new CreateReplica { ProtectionId = "p", OperationId = "op", Name = "web-test", DefinitionJson = Encoding.UTF8.GetString(json) }, "op"),
        error => error is FaultException fault && fault.Message.Contains("web-test", StringComparison.Ordinal));

    [Fact]
    public Task A_definition_in_a_set_that_a_host_reads_back() => FuzzDefinitionAsync(
        "definition in a set",
        json =>
        {
            using JsonDocument definition = JsonDocument.Parse(json);
            _ = DiskShapes.Of(VaultDocumentFuzzTests.SampleSet() with { Machine = new MachineRecord("id", "web", definition.RootElement) });
        },
        error => error is JsonException || (error is VaultException { Fault: VaultFault.Damaged } damaged && damaged.Message.Contains(VaultNames.Set(1, 7), StringComparison.Ordinal)));

    [Fact]
    public Task Names_of_checkpoints()
    {
        const string Owner = "0123";
        ChangeTrackingId[] ids = [new("1-7-x"), new("ä_b"), new("")];
        byte[][] corpus = [.. ids.Select(id => Encoding.UTF8.GetBytes(LibvirtNames.Checkpoint(Owner, id)))];
        FuzzTarget target = new(
            "checkpoint name",
            random => new Mutator(random, corpus).Next(),
            bytes =>
            {
                string name = Encoding.UTF8.GetString(bytes);
                foreach (ChangeTrackingId own in LibvirtNames.OwnCheckpoints([name], Owner))
                    Assert.Equal(name, LibvirtNames.Checkpoint(Owner, own));
            },
            _ => false);
        return new Fuzzer(target, corpus, output).RunAsync(4_000, 0.01);
    }

    private Task FuzzDefinitionAsync(string name, Action<byte[]> read, Func<Exception, bool> isDeclared)
    {
        byte[][] corpus = [JsonSerializer.SerializeToUtf8Bytes(Definition, VaultJson.Options)];
        return new Fuzzer(new FuzzTarget(name, random => new JsonMutator(random, corpus).Next(), read, isDeclared), corpus, output).RunAsync(3_000, 0.02);
    }
}
