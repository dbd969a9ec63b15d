# The short workflow with SOAP::Lite; BINDING is soap11 (on stubs made from the WSDL) or soap12 (with messages by hand).
use strict;
use warnings;
use Compress::Zlib qw(crc32);
use Encode qw(decode_utf8);
use MIME::Base64 qw(decode_base64);
use SOAP::Lite;

binmode STDOUT, ':encoding(UTF-8)';
my $service = connect_service()->on_fault(sub { $_[1] });
my $content = read_file(setting('FILE'));
my $folder = setting('FOLDER');
my $document = "$folder/cargo.bin";
my ($ticket, $upload, $received) = ('', '', '');

step('logs in', sub {
    my $answer = call('AuthenticateUser', UID => setting('USER'), PWD => setting('PASSWORD'));
    equal('true', $answer->{success}, 'success');
    equal(setting('USER'), $answer->{username}, 'username');
    $ticket = $answer->{ticket};
});
step('makes a folder', sub {
    my $answer = call('CreateFolder', authenticationTicket => $ticket, Path => $folder);
    equal('true', $answer->{success}, 'success');
    equal(substr($folder, length '/Public/'), $answer->{FolderName}, 'FolderName');
});
step('is told to try a chunk with a wrong CRC again', sub {
    my $answer = call('CreateUploadHandler', authenticationTicket => $ticket, PreferedChunkSize => 1);
    equal('262144', $answer->{ChunkSize}, 'ChunkSize');
    $upload = $answer->{UploadHandler};
    $answer = send_chunk(substr($content, 0, 262144), '0BADC0DE', 'false');
    equal('false', $answer->{success}, 'success');
    equal('true', $answer->{tryagain}, 'tryagain');
});
step('sends a file in chunks', sub {
    my $answer;
    for (my $offset = 0; $offset < length $content; $offset += 262144) {
        my $chunk = substr($content, $offset, 262144);
        my $last = $offset + length $chunk == length $content ? 'true' : 'false';
        $answer = send_chunk($chunk, sprintf('%x', crc32($chunk)), $last);
        equal('true', $answer->{success}, 'success');
        equal('false', $answer->{tryagain}, 'tryagain');
    }
    equal(sprintf('%X', crc32($content)), $answer->{filehexcrc}, 'filehexcrc');
});
step('commits it', sub {
    my $answer = call('UploadDocumentWithHandler', authenticationTicket => $ticket, path => $document, uploadHandler => $upload);
    equal('true', $answer->{success}, 'success');
    equal('1000000', $answer->{VersionId}, 'VersionId');
});
step('reads it in chunks with the right CRCs', sub {
    my $opened = call('GetDownloadHandler', AuthenticationTicket => $ticket, Path => $document, PreferedChunkSize => 1);
    equal(length $content, $opened->{Size}, 'Size');
    equal(sprintf('%08x', crc32($content)), $opened->{CRC32}, 'CRC32');
    my $last = 'false';
    while ($last eq 'false') {
        my ($answer, $text) = call('DownloadFileChunk', authenticationTicket => $ticket,
            DownloadHandler => $opened->{downloadhandler}, StartOffset => length $received, ChunkSize => 262144);
        equal('true', $answer->{success}, 'success');
        my $chunk = decode_base64($text);
        equal(sprintf('%08x', crc32($chunk)), $answer->{chunkCRC32}, 'chunkCRC32');
        $received .= $chunk;
        $last = $answer->{lastchunk};
    }
});
step('has the bytes it sent', sub { equal(1, $content eq $received, 'that the bytes are the same') });
step('reads it in one call', sub {
    my (undef, $text) = call('DownloadDocument', authenticationTicket => $ticket, Path => $document);
    equal(1, $content eq decode_base64($text), 'that the bytes are the same');
});
step('is told that a document is missing', sub {
    my $answer = call('GetDownloadHandler', AuthenticationTicket => $ticket, Path => "$folder/nothing.bin", PreferedChunkSize => 0);
    equal('false', $answer->{success}, 'success');
    equal('Document not found.', $answer->{error}, 'error');
});
step('reads a fault', sub {
    my $header = SOAP::Header->name('Insurance')->uri('urn:lighterage:interop')->value('all')->mustUnderstand(1);
    my $reply = reply('CreateUploadHandler', [authenticationTicket => $ticket, PreferedChunkSize => 0], $header);
    my $text = setting('BINDING') eq 'soap12' ? $reply->fault->{Reason}{Text} : $reply->fault->{faultstring};
    equal('SOAP header Insurance was not understood.', $text, 'the text');
});
step('logs out, and the ticket is dead', sub {
    equal('true', call('LogOut', AuthenticationTicket => $ticket)->{success}, 'success');
    my $answer = call('CreateUploadHandler', authenticationTicket => $ticket, PreferedChunkSize => 0);
    equal('[901] Session expired or Invalid ticket', $answer->{error}, 'error');
});

sub connect_service {
    return SOAP::Lite->service(setting('URL') . '?WSDL')->want_som(1) if setting('BINDING') eq 'soap11';
    SOAP::Lite->soapversion('1.2');
    return SOAP::Lite->new(proxy => setting('URL'), default_ns => 'http://tempuri.org/', on_action => sub { join '', @_ });
}

sub send_chunk {
    my ($chunk, $crc, $last) = @_;
    return call('UploadFileChunk', authenticationTicket => $ticket, uploadHandler => $upload,
        fileChunk => $chunk, chunkHEXCRC => $crc, lastChunk => $last);
}

# The attributes and the text of the element in an answer (of the result itself, when that is content).
sub call {
    my ($operation, @arguments) = @_;
    my $reply = reply($operation, \@arguments);
    die $reply->faultstring if $reply->fault;
    my $result = $reply->dataof("//${operation}Result/*") || $reply->dataof("//${operation}Result");
    return wantarray ? ($result->attr, $result->value) : $result->attr;
}

sub reply {
    my ($operation, $arguments, @headers) = @_;
    my @pairs = @$arguments;
    return $service->$operation(map({ $pairs[2 * $_ + 1] } 0 .. $#pairs / 2), @headers) if setting('BINDING') eq 'soap11';
    my @data;
    while (my ($name, $value) = splice @pairs, 0, 2) {
        push @data, SOAP::Data->name($name => $value)->type($name eq 'fileChunk' ? 'base64Binary' : 'string');
    }
    return $service->call($operation, @data, @headers);
}

sub setting { return decode_utf8($ENV{"INTEROP_$_[0]"}) }

sub read_file {
    open my $file, '<:raw', $_[0] or die "$_[0]: $!";
    local $/;
    return scalar <$file>;
}

sub step {
    my ($name, $act) = @_;
    return print "ok: $name\n" if eval { $act->(); 1 };
    print "not ok: $name: ", $@ =~ s/\n/ /gr, "\n";
}

sub equal {
    my ($expected, $actual, $what) = @_;
    $actual //= '(nothing)';
    die "$what should be '$expected' and is '$actual'\n" if $expected ne $actual;
}
