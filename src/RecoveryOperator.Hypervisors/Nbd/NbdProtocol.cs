namespace RecoveryOperator.Hypervisors.Nbd;

/// <summary>Numbers of the NBD protocol (fixed newstyle handshake, structured replies); names follow its specification.</summary>
internal static class NbdProtocol
{
    public const ulong Magic = 0x4e42444d41474943;
    public const ulong OptionMagic = 0x49484156454f5054;
    public const ulong OptionReplyMagic = 0x3e889045565a9;
    public const ushort FlagFixedNewstyle = 1 << 0;
    public const uint ClientFixedNewstyle = 1 << 0;
    public const uint ClientNoZeroes = 1 << 1;

    public const uint OptionExportName = 1;
    public const uint OptionAbort = 2;
    public const uint OptionInfo = 6;
    public const uint OptionGo = 7;
    public const uint OptionStructuredReply = 8;
    public const uint OptionSetMetaContext = 10;

    public const uint ReplyAck = 1;
    public const uint ReplyInfo = 3;
    public const uint ReplyMetaContext = 4;
    public const uint ReplyErrorBit = 1u << 31;
    public const uint ReplyUnsupported = ReplyErrorBit | 1;
    public const uint ReplyInvalid = ReplyErrorBit | 3;
    public const uint ReplyUnknown = ReplyErrorBit | 6;
    public const ushort InfoExport = 0;
    public const ushort InfoBlockSize = 3;
    public const ushort FlagNoZeroes = 1 << 1;

    /// <summary>Flags of an export that is only read: they are there, read-only, several connections see the same.</summary>
    public const ushort ReadOnlyExport = 1 << 0 | 1 << 1 | 1 << 8;

    public const uint RequestMagic = 0x25609513;
    public const uint SimpleReplyMagic = 0x67446698;
    public const uint StructuredReplyMagic = 0x668e33ef;
    public const ushort CommandRead = 0;
    public const ushort CommandWrite = 1;
    public const ushort CommandDisconnect = 2;
    public const ushort CommandBlockStatus = 7;

    public const uint ErrorNotPermitted = 1;
    public const uint ErrorIO = 5;
    public const uint ErrorInvalid = 22;
    public const int RequestBytes = 28;
    public const int SimpleReplyBytes = 16;
    public const int ChunkHeaderBytes = 20;

    public const ushort ChunkDone = 1 << 0;
    public const ushort ChunkNone = 0;
    public const ushort ChunkOffsetData = 1;
    public const ushort ChunkOffsetHole = 2;
    public const ushort ChunkBlockStatus = 5;
    public const ushort ChunkErrorBit = 1 << 15;

    public const uint StateZero = 1 << 1;
    public const uint StateDirty = 1 << 0;

    public const string BaseAllocation = "base:allocation";

    /// <summary>Longest message that a server may send that is not data: more means that the stream is not NBD.</summary>
    public const int LargestMessageBytes = 1 << 20;
}
